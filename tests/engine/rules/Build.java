import io.quarkus.bootstrap.app.CuratedApplication;
import io.quarkus.bootstrap.app.QuarkusBootstrap;
import io.quarkus.bootstrap.classloading.QuarkusClassLoader;
import io.quarkus.maven.dependency.ResolvedDependency;
import io.quarkus.paths.PathList;
import jakarta.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * Builds many folders of resources with one Maven project, in one JVM: what {@code mvn package} does for each (Quarkus'
 * goal generate-code, the compiler, Quarkus' goal build), without starting Maven and loading the build's classes anew.
 *
 * <p>The argument is the project, an empty folder but for its pom.xml. Each line of the standard input is {@code package
 * FOLDER}, a folder of resources, or {@code check FOLDER}, where only the outcome is of interest. For each it prints
 * {@code {"error": …}}, null where the build was done; the application that was packaged then lies in FOLDER.app.
 */
public final class Build {
    /** What is left to do without the packaging: all that a jar would hold of the application itself. */
    private static final String[] CLASSES = Stream.of("MainClass", "GeneratedClass", "TransformedClasses")
            .map(name -> "io.quarkus.deployment.builditem." + name + "BuildItem")
            .toArray(String[]::new);

    private final Path project;
    private final Path resources;
    private final Path sources;
    private final Path classes;
    private final CuratedApplication application;
    private int builds;

    private Build(Path project) throws Exception {
        this.project = project;
        resources = project.resolve("src/main/resources");
        sources = project.resolve("target/generated-sources");
        classes = project.resolve("target/classes");
        for (Path needed : List.of(resources, classes)) {
            Files.createDirectories(needed);
        }
        application = QuarkusBootstrap.builder()
                .setProjectRoot(project)
                .setApplicationRoot(classes)
                .setTargetDirectory(project.resolve("target"))
                .setBaseName("application")
                .setMode(QuarkusBootstrap.Mode.PROD)
                .setLocalProjectDiscovery(true)
                .setIsolateDeployment(true)
                .setBaseClassLoader(Build.class.getClassLoader())
                .build()
                .bootstrap();
    }

    public static void main(String[] words) throws Exception {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        Build build = new Build(Path.of(words[0]).toRealPath());
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            var answer = Json.createObjectBuilder();
            String[] asked = line.split(" ", 2);
            String error = build.error(Path.of(asked[1]), asked[0].equals("package"));
            answers.println((error == null ? answer.addNull("error") : answer.add("error", error)).build());
        }
        System.exit(0);
    }

    /** What ended the build of a folder, each cause with its own; null where nothing did. */
    private String error(Path folder, boolean packaged) throws IOException {
        remove(project.resolve("target"));
        for (Path empty : List.of(resources, sources, classes)) {
            remove(empty);
            Files.createDirectories(empty);
        }
        // What generates code keeps each definition that it has read by its path.
        Path parent = project.resolve("src/build" + ++builds);
        copy(folder, Files.createDirectories(parent).resolve("resources"));
        copy(folder, resources);
        copy(folder, classes);
        try {
            generate(parent);
            compile();
            if (packaged) {
                application.createAugmentor().createProductionApplication();
            } else {
                application.createAugmentor().performCustomBuild(Nothing.class.getName(), null, CLASSES);
            }
        } catch (Exception | LinkageError | StackOverflowError error) {
            return Stream.iterate((Throwable) error, cause -> cause != null, Throwable::getCause)
                    .map(String::valueOf)
                    .collect(Collectors.joining("\n"));
        } finally {
            remove(parent);
        }
        if (packaged) {
            Files.move(project.resolve("target/quarkus-app"), Path.of(folder + ".app"));
        }
        return null;
    }

    private void generate(Path parent) throws Exception {
        QuarkusClassLoader loader = application.createDeploymentClassLoader();
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            Class<?> generator = loader.loadClass("io.quarkus.deployment.CodeGenerator");
            Consumer<Path> ignored = path -> {};
            Stream.of(generator.getMethods())
                    .filter(method -> method.getName().equals("initAndRun"))
                    .findFirst()
                    .orElseThrow()
                    .invoke(
                            null,
                            loader,
                            PathList.of(parent),
                            sources,
                            project.resolve("target"),
                            ignored,
                            application.getApplicationModel(),
                            new Properties(),
                            "NORMAL",
                            false);
        } finally {
            thread.setContextClassLoader(before);
            loader.close();
        }
    }

    private void compile() throws IOException {
        List<String> words = new ArrayList<>(List.of("-nowarn", "-proc:none", "-parameters", "-d", classes.toString()));
        words.addAll(List.of("-cp", classPath()));
        int options = words.size();
        try (Stream<Path> files = Files.walk(sources)) {
            files.map(Path::toString).filter(path -> path.endsWith(".java")).forEach(words::add);
        }
        StringWriter said = new StringWriter();
        var compiler = ToolProvider.getSystemJavaCompiler();
        var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8);
        var units = files.getJavaFileObjectsFromStrings(words.subList(options, words.size()));
        if (words.size() > options
                && !compiler.getTask(said, files, null, words.subList(0, options), null, units).call()) {
            throw new IllegalStateException("the compiler: " + said);
        }
    }

    private String classPath() {
        return application.getApplicationModel().getRuntimeDependencies().stream()
                .map(ResolvedDependency::getResolvedPaths)
                .flatMap(paths -> paths.stream())
                .map(Path::toString)
                .collect(Collectors.joining(System.getProperty("path.separator")));
    }

    private static void remove(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Files.copy(path, to.resolve(from.relativize(path)), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** Takes the classes of a build whose outcome is all that is asked for. */
    public static final class Nothing implements BiConsumer<Object, Object> {
        @Override
        public void accept(Object context, Object result) {}
    }
}
