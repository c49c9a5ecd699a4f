// Reads JSON lines of `spec.flow` as SonataFlow's operator does, and answers a line for each: null, or why it cannot.
//
// The operator's cache decodes every SonataFlow of the cluster into its own API type, whose flow consists of types of the
// Serverless Workflow SDK (apache/incubator-kie-kogito-serverless-operator, api/v1alpha08/sonataflow_types.go).
// With the argument `write`, the answer is an object: `error`, and `written`, the definition that the operator itself
// writes from the resource in the profiles preview and dev (conversion.go, ToCNCFWorkflow).
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/serverlessworkflow/sdk-go/v2/model"
	"github.com/serverlessworkflow/sdk-go/v2/util"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

type flow struct {
	Start           *model.Start           `json:"start,omitempty"`
	Annotations     []string               `json:"annotations,omitempty"`
	DataInputSchema *model.DataInputSchema `json:"dataInputSchema,omitempty"`
	Secrets         model.Secrets          `json:"secrets,omitempty"`
	Constants       *model.Constants       `json:"constants,omitempty"`
	Timeouts        *model.Timeouts        `json:"timeouts,omitempty"`
	Errors          model.Errors           `json:"errors,omitempty"`
	KeepActive      bool                   `json:"keepActive,omitempty"`
	Metadata        model.Metadata         `json:"metadata,omitempty"`
	AutoRetries     bool                   `json:"autoRetries,omitempty"`
	Auth            model.Auths            `json:"auth,omitempty"`
	States          []model.State          `json:"states"`
	Events          model.Events           `json:"events,omitempty"`
	Functions       model.Functions        `json:"functions,omitempty"`
	Retries         model.Retries          `json:"retries,omitempty"`
}

type answer struct {
	Error   *string         `json:"error"`
	Written json.RawMessage `json:"written"`
}

// offline is what the SDK asks for definitions at addresses: a test asks nobody.
type offline struct{}

func (offline) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("addresses are not read here")
}

// decode reads as client-go does: field names of the resource are case-sensitive, those below the SDK's own readers are not.
func decode(data []byte) (read flow, err error) {
	defer rescue(&err)
	return read, kjson.UnmarshalCaseSensitivePreserveInts(data, &read)
}

// write makes the definition that the operator puts into its own ConfigMap.
func write(read flow) (written []byte, err error) {
	defer rescue(&err)
	text, err := yaml.Marshal(read)
	if err != nil {
		return nil, err
	}
	workflow := model.Workflow{}
	if err = yaml.Unmarshal(text, &workflow); err != nil {
		return nil, err
	}
	return json.Marshal(workflow)
}

func rescue(err *error) {
	if panicked := recover(); panicked != nil {
		*err = fmt.Errorf("panic: %v", panicked)
	}
}

func answers(line []byte, writes bool) any {
	read, err := decode(line)
	var written []byte
	if err == nil && writes {
		written, err = write(read)
	}
	var message *string
	if err != nil {
		text := err.Error()
		message = &text
	}
	if writes {
		return answer{Error: message, Written: written}
	}
	return message
}

func main() {
	util.HttpClient.Transport = offline{}
	input := bufio.NewReader(os.Stdin)
	output := bufio.NewWriter(os.Stdout)
	// The SDK prints some of its errors.
	os.Stdout = os.Stderr
	defer output.Flush()
	encoder := json.NewEncoder(output)
	writes := len(os.Args) > 1 && os.Args[1] == "write"
	for {
		line, err := input.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if failure := encoder.Encode(answers(line, writes)); failure != nil {
				fmt.Fprintln(os.Stderr, failure)
				os.Exit(1)
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
