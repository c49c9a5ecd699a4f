import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.serverlessworkflow.api.Workflow;
import io.serverlessworkflow.api.mapper.JsonObjectMapper;
import io.serverlessworkflow.api.mapper.YamlObjectMapper;
import io.swagger.v3.parser.util.DeserializationUtils;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Reads YAML as the engine does: {@code definition} as a workflow, {@code values} with the same mapper as plain values,
 * {@code spec} as OpenAPI.
 *
 * <p>Texts come as JSON strings, one a line, from standard input; for each it prints {@code {"value": …}} or
 * {@code {"error": …}}.
 */
public final class Readers {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] words) throws Exception {
        ObjectMapper yaml = new YamlObjectMapper();
        ObjectMapper workflows = new JsonObjectMapper();
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            String text = JSON.readValue(line, String.class);
            ObjectNode answer = JSON.createObjectNode();
            try {
                answer.set("value", switch (words[0]) {
                    case "definition" ->
                        JSON.readTree(workflows.writeValueAsString(yaml.readValue(text, Workflow.class)));
                    case "spec" -> DeserializationUtils.deserializeIntoTree(text, "spec.yaml");
                    default -> yaml.readTree(text);
                });
            } catch (Exception refusal) {
                answer.put("error", String.valueOf(refusal.getMessage()));
            }
            answers.println(JSON.writeValueAsString(answer));
        }
    }
}
