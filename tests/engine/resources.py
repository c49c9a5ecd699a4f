"""Measures the CPU and memory of each workflow, alone in the application of its image: `nox -s resources`.

Without names, all workflows are measured, and docs/workflows/resources.json and the values of their charts are written.
With names, the results are only printed. `--values` writes the values from the file. The machine must be idle.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from generator.application.image_application import WF_RESOURCES, image_application
from generator.application.jib import VARIABLES
from generator.application.projects import KOGITO_VERSION, QUARKUS_VERSION
from generator.kubernetes.objects import FLYWAY
from generator.workflow.workflow import Workflow
from pipeline.application import maven
from pipeline.images.recipes import workflow_files
from pipeline.run.engine.events import COMPLETED, Event, listening
from pipeline.run.engine.process import RunningEngine, free_port, started
from pipeline.system.cache import cache_folder
from pipeline.workspace.workflows import read_folder
from tests import resources
from tests.conftest import ROOT
from tests.engine import postgres
from tests.engine.engine import Record, post
from tests.engine.loads import INPUTS, PERIOD, prompt_services, prompt_variables

#: The memory limit (MiB) and the CPUs of the container that Java is made to assume.
CONTAINER: Final = 512
CPUS: Final = 2
#: Seconds after the start that are not measured, seconds without a request, and seconds of load.
SETTLE: Final = 10
IDLE: Final = 20
LOAD: Final = 30
#: How many instances run at a time.
AT_A_TIME: Final = 10
#: The length in seconds of the windows; the peak is the highest CPU of one.
WINDOW: Final = 1
#: As in the image, whose JAVA_OPTS replace all options that run-java.sh of ubi9/openjdk-17 would add
#: (rh-openjdk/redhat-openjdk-containers, modules/run), so that Java chooses by itself. In a container, it gives the
#: heap a quarter of the memory, and uses the serial collector below 1792 MiB; outside one, options have to say both.
JAVA: Final = (
    f"-XX:MaxRAM={CONTAINER}m",
    f"-XX:ActiveProcessorCount={CPUS}",
    "-XX:+UseSerialGC",
    *VARIABLES["JAVA_OPTS"].split(),
)
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_KIB_PER_MIB: Final = 1024


class Instances:
    """Waits for instances to end, by the engine's own events."""

    def __init__(self) -> None:
        self._record = Record()

    @property
    def hear(self) -> Callable[[Sequence[Event]], None]:
        """The listener for the engine's events."""
        return self._record.hear

    def finish(self, identity: str) -> None:
        """Wait until an instance has completed successfully, and forget it."""
        known = self._record.instances

        def has_ended() -> bool:
            return identity in known and bool(known[identity].ended or known[identity].error)

        self._record.until(has_ended, lambda: f"{identity} has not ended")
        instance = known.pop(identity)
        assert instance.ended == COMPLETED, instance.error
        assert instance.data["result"]["completedWith"] == "success", instance.data["result"]


class Process:
    """The CPU and memory of a process, from /proc."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def cpu(self) -> float:
        """Return the CPU seconds of all threads since the start."""
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self, field: str) -> int:
        """Return the resident memory in MiB: now (VmRSS) or at its peak (VmHWM)."""
        found = re.search(rf"^{field}:\s+(\d+) kB$", (self._folder / "status").read_text(), re.MULTILINE)
        assert found, field
        return round(int(found[1]) / _KIB_PER_MIB)


def measure(workflow: Workflow) -> dict[str, Any]:
    """Build a workflow's application, and measure its start, while idle and under load."""
    folder = workflow.source.name
    jar = _build(workflow)
    instances, port = Instances(), free_port()
    with ExitStack() as stack:
        log_file = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="waybill-resources-")), "engine.log")
        services = stack.enter_context(prompt_services(f"http://127.0.0.1:{port}"))
        given = prompt_variables(services) | stack.enter_context(postgres.running_alone())
        options = (*JAVA, *_operator_options(stack.enter_context(listening(instances.hear))))
        begin = time.monotonic()
        engine = stack.enter_context(started(jar, given, port=port, log_file=log_file, options=options))
        seconds, process = time.monotonic() - begin, Process(engine.pid)
        start = {"cpuSeconds": round(process.cpu(), 1), "seconds": round(seconds, 1)}
        idle = _measure_idle(process)
        try:
            load = _measure_load(workflow, engine, instances, process)
        except AssertionError as error:
            raise AssertionError(f"{folder}: {error}\n{engine.log[-3000:]}") from error
        misfits = [misfit for each in services.values() for misfit in each.misfits]
        assert not misfits, f"{folder}: {misfits}"
    return {"start": start, "idle": idle, **load}


def _build(workflow: Workflow) -> Path:
    """Build the application of the workflow's image, and return its jar."""
    name = workflow.source.name
    files = workflow_files(workflow)
    context = {path: file.read_bytes() if isinstance(file, Path) else file for path, file in files.items()}
    application = image_application(name, context, {**workflow.build_arguments, WF_RESOURCES: name})
    # One folder for each: a cache of applications keeps fewer than there are workflows.
    return maven.build(application, cache_folder("resources") / name)


def _operator_options(events: str) -> Iterator[str]:
    """Yield the properties that the operator sets if there is a Data Index, as options of Java."""
    yield f"-D{FLYWAY}=true"
    yield "-Dkogito.events.grouping=true"
    for name in ("processinstances", "processdefinitions", "usertasks"):
        yield f"-Dkogito.events.{name}.enabled=true"
    for name in ("processinstances", "processdefinitions", "usertaskinstances"):
        yield f"-Dmp.messaging.outgoing.kogito-{name}-events.url={events}"


def _measure_idle(process: Process) -> dict[str, int]:
    """Measure the CPU and memory without requests."""
    time.sleep(SETTLE)
    before, begin = process.cpu(), time.monotonic()
    time.sleep(IDLE)
    cpu = (process.cpu() - before) / (time.monotonic() - begin)
    return {"cpuMillicores": round(cpu * 1000), "memoryMiB": process.memory("VmRSS")}


def _measure_load(workflow: Workflow, engine: RunningEngine, instances: Instances, process: Process) -> dict[str, Any]:
    """Measure the peaks while AT_A_TIME callers each start an instance, wait for its end, and start the next one."""
    address = f"{engine.url}/{workflow.definition.id}"
    numbers, given = count(), INPUTS[workflow.source.name]
    end = time.monotonic() + LOAD

    def call() -> int:
        done = 0
        while time.monotonic() < end:
            status, body = post(address, given(next(numbers)))
            assert status == 201, body
            instances.finish(body["id"])
            done += 1
        return done

    with ThreadPoolExecutor(AT_A_TIME) as callers:
        calls = [callers.submit(call) for _ in range(AT_A_TIME)]
        cpu = max(_windows(process, end))
        done = sum(each.result() for each in calls)
    peak = {"cpuMillicores": round(cpu * 1000), "memoryMiB": process.memory("VmHWM")}
    return {"instances": done, "peak": peak}


def _windows(process: Process, end: float) -> Iterator[float]:
    """Yield the CPU of each window until `end`, in cores."""
    before, begin = process.cpu(), time.monotonic()
    while begin < end:
        time.sleep(WINDOW)
        after, now = process.cpu(), time.monotonic()
        yield (after - before) / (now - begin)
        before, begin = after, now


def conditions() -> dict[str, Any]:
    """Return the conditions of the measurement."""
    java = subprocess.run(["java", "-version"], check=True, capture_output=True, text=True).stderr
    version = re.search(r'version "(.*?)"', java)
    assert version, java
    return {
        "containerMiB": CONTAINER,
        "cpus": CPUS,
        "date": datetime.now(UTC).date().isoformat(),
        "idleSeconds": IDLE,
        "instancesAtATime": AT_A_TIME,
        "java": version[1],
        "loadSeconds": LOAD,
        "machineCpus": os.cpu_count(),
        "period": PERIOD,
        "quarkus": QUARKUS_VERSION,
        "sonataflow": KOGITO_VERSION,
    }


def _show(folder: str, found: Mapping[str, Any]) -> None:
    made = resources.resources(found, CONTAINER)
    print(f"{folder:<22}{json.dumps(found)} -> {json.dumps(made)}", flush=True)


def main() -> None:
    """Measure, and print or write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workflow", nargs="*", help="a folder of workflows/; by default all, and the files are written")
    parser.add_argument(
        "--values", action="store_true", help="only write the values from docs/workflows/resources.json"
    )
    given = parser.parse_args()
    if unknown := [folder for folder in given.workflow if folder not in INPUTS]:
        parser.error(f"unknown workflow {unknown[0]}; there are {', '.join(INPUTS)}")
    if not given.values:
        found = {}
        for folder in given.workflow or INPUTS:
            found[folder] = measure(read_folder(ROOT / "workflows" / folder))
            _show(folder, found[folder])
        if given.workflow:
            return
        resources.write_facts({"measured": conditions(), "workflows": found})
    resources.write_values()
    print("wrote docs/workflows/resources.json and workflows/*/chart/values.yaml; next: nox -s docs, and")
    print("WAYBILL_IMAGES=skip waybill build --all --output $(mktemp -d)")


if __name__ == "__main__":
    main()
