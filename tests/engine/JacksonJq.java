import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.TreeSet;
import net.thisptr.jackson.jq.BuiltinFunctionLoader;
import net.thisptr.jackson.jq.Expression;
import net.thisptr.jackson.jq.Scope;
import net.thisptr.jackson.jq.Versions;
import net.thisptr.jackson.jq.internal.javacc.ExpressionParser;

/**
 * Asks the engine's jq what it knows and what it does, in the way and with the version that the engine uses it
 * (org.kie.kogito.expr.jq.JqExpression and JqExpressionHandler, Kogito 10.1.0).
 *
 * <p>{@code functions} prints a JSON list of names with arities. {@code evaluate} reads JSON strings, one expression a
 * line, from standard input, and prints for each {@code {"compiles": …, "outputs": […], "error": …}}; the input of each
 * is the empty object.
 */
public final class JacksonJq {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    public static void main(String[] words) throws Exception {
        Scope scope = Scope.newEmptyScope();
        BuiltinFunctionLoader.getInstance().loadFunctions(Versions.JQ_1_6, scope);
        switch (words[0]) {
            case "functions" -> functions(scope);
            case "evaluate" -> evaluate(scope);
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    private static void functions(Scope scope) throws Exception {
        var names = BuiltinFunctionLoader.getInstance().listFunctions(Versions.JQ_1_6, scope).keySet();
        System.out.println(MAPPER.writeValueAsString(new TreeSet<>(names)));
    }

    private static void evaluate(Scope scope) throws Exception {
        for (String name : new String[] {"WORKFLOW", "CONST", "SECRET"}) {
            scope.setValue(name, MAPPER.createObjectNode());
        }
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            System.out.println(MAPPER.writeValueAsString(outcome(scope, MAPPER.readValue(line, String.class))));
        }
    }

    private static ObjectNode outcome(Scope scope, String text) {
        ObjectNode outcome = MAPPER.createObjectNode();
        Expression expression;
        try {
            expression = ExpressionParser.compile(text, Versions.JQ_1_6);
        } catch (Exception | Error refusal) {
            return outcome.put("compiles", false).put("error", String.valueOf(refusal.getMessage()));
        }
        outcome.put("compiles", true);
        ArrayNode outputs = outcome.putArray("outputs");
        try {
            JsonNode input = MAPPER.createObjectNode();
            expression.apply(Scope.newChildScope(scope), input, outputs::add);
        } catch (Exception | Error failure) {
            outcome.put("error", String.valueOf(failure.getMessage()));
        }
        return outcome;
    }
}
