#!/bin/sh
# What the runtime image starts: the jar and the options are those of the image's variables.
cd /deployments # beside it lies config/, which the operator mounts
# shellcheck disable=SC2086 # the options are words
exec java $JAVA_OPTS -jar "$JAVA_APP_JAR"
