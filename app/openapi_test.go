package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// openAPI is /openapi.json of a server, as a program reads it that knows nothing of its makers.
type openAPI struct {
	root     map[string]any
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema // by pointer
}

const openAPIName = "openapi.json"

// readOpenAPI fetches the document. Its objects are read more strictly than they are meant: with members that it does not
// name an answer is wrong.
func readOpenAPI(t *testing.T, c *caller) *openAPI {
	t.Helper()
	got := c.do(t, "", "GET", "/openapi.json", "")
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(got.body))
	if err != nil || got.status != 200 {
		t.Fatalf("/openapi.json: %d %v %.300s", got.status, err, got.body)
	}
	closeObjects(doc)
	d := &openAPI{root: doc.(map[string]any), compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(openAPIName, doc); err != nil {
		t.Fatal(err)
	}
	return d
}

// closeObjects lets schemas of objects have no other members than those that they name.
func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			closeObjects(member)
		}
		if _, ok := v["properties"].(map[string]any); ok && v["type"] == "object" && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
	case []any:
		for _, item := range v {
			closeObjects(item)
		}
	}
}

// at follows names from a node, through references; nil where there is none. It gives the pointer to where it ended.
func (d *openAPI) at(names ...string) (node any, pointer string) {
	node = d.root
	for _, name := range names {
		node = member(node, name)
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if ref, ok := member(node, "$ref").(string); ok {
			return d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
	}
	return node, pointer
}

func member(node any, name string) any {
	m, _ := node.(map[string]any)
	return m[name]
}

// check says what is wrong with a value by the schema at a pointer.
func (d *openAPI) check(pointer string, value any) error {
	schema := d.schemas[pointer]
	if schema == nil {
		var err error
		if schema, err = d.compiler.Compile(openAPIName + "#" + (&url.URL{Path: pointer}).EscapedPath()); err != nil {
			return err
		}
		d.schemas[pointer] = schema
	}
	return schema.Validate(value)
}

// checkLines holds the lines of an answer, or the data of its events, to the schema that the document has of each.
func (d *openAPI) checkLines(t *testing.T, e *exampleCall, body string) {
	t.Helper()
	prefix := ""
	switch e.wantMedia {
	case "text/event-stream":
		prefix = "data: "
	case "application/x-ndjson":
	default:
		return
	}
	for line := range strings.Lines(body) {
		text, ok := strings.CutPrefix(line, prefix)
		if !ok {
			continue
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err == nil {
			err = d.check(strings.TrimSuffix(e.pointer, "schema")+"x-itemSchema", value)
		}
		if err != nil {
			t.Errorf("%s: the line %s is not as the document says: %v", e.call, line, err)
		}
	}
}

// exampleCall is an example of the document as a request and what is to come back.
type exampleCall struct {
	operation, name    string
	method, path       string // the path as the document has it
	call               string // with values, and the query
	body, media        string // empty for none
	admin              bool
	status             string
	answer             any // what stands in the document; nil for none
	pointer, wantMedia string
}

// calls gives all examples: what is made by PUT is read and changed before it is deleted.
func (d *openAPI) calls(t *testing.T) (calls []exampleCall) {
	t.Helper()
	for _, method := range []string{"put", "get", "post", "patch", "delete"} {
		for _, path := range slices.Sorted(maps.Keys(d.root["paths"].(map[string]any))) {
			if op := member(member(d.root["paths"], path), method); op != nil {
				calls = append(calls, d.examples(t, method, path, op)...)
			}
		}
	}
	return calls
}

// examples gives those of one operation: what bears one name in parameters, body and answers belongs together.
func (d *openAPI) examples(t *testing.T, method, path string, op any) (calls []exampleCall) {
	t.Helper()
	security := op.(map[string]any)["security"].([]any)
	roles := member(security[1], "password").([]any)
	for status := range member(op, "responses").(map[string]any) {
		answer, pointer := d.at("paths", path, method, "responses", status)
		content, _ := member(answer, "content").(map[string]any)
		for media := range content {
			examples, _ := member(content[media], "examples").(map[string]any)
			for name, e := range examples {
				calls = append(calls, exampleCall{
					name: name, status: status, answer: member(e, "value"), wantMedia: media,
					pointer: pointer + "/content/" + strings.ReplaceAll(media, "/", "~1") + "/schema",
				})
			}
		}
	}
	calls = append(calls, unanswered(op, calls)...)
	if len(calls) == 0 {
		t.Errorf("%s %s has no example", method, path)
	}
	for i := range calls {
		e := &calls[i]
		e.method, e.path, e.operation, e.admin = strings.ToUpper(method), path, member(op, "operationId").(string), len(roles) > 0
		d.fill(e, op)
	}
	slices.SortFunc(calls, func(a, b exampleCall) int { return strings.Compare(a.name, b.name) })
	return calls
}

// unanswered gives the examples whose answer has no body: their names stand at parameters only.
func unanswered(op any, answered []exampleCall) (calls []exampleCall) {
	empty := ""
	for status, answer := range member(op, "responses").(map[string]any) {
		if member(answer, "content") == nil && member(answer, "$ref") == nil {
			empty = status
		}
	}
	parameters, _ := member(op, "parameters").([]any)
	for _, p := range parameters {
		examples, _ := member(p, "examples").(map[string]any)
		for name := range examples {
			if !slices.ContainsFunc(slices.Concat(answered, calls), func(e exampleCall) bool { return e.name == name }) {
				calls = append(calls, exampleCall{name: name, status: empty})
			}
		}
	}
	return calls
}

// fill puts the values of an example into its path, query and body.
func (d *openAPI) fill(e *exampleCall, op any) {
	e.call = e.path
	query := url.Values{}
	parameters, _ := member(op, "parameters").([]any)
	for _, p := range parameters {
		value := member(member(member(p, "examples"), e.name), "value")
		if value == nil {
			continue
		}
		text := fmt.Sprint(value)
		if list, ok := value.([]any); ok { // style form, explode false
			var texts []string
			for _, one := range list {
				texts = append(texts, fmt.Sprint(one))
			}
			text = strings.Join(texts, ",")
		}
		name := member(p, "name").(string)
		if member(p, "in") == "path" {
			e.call = strings.Replace(e.call, "{"+name+"}", url.PathEscape(text), 1)
			continue
		}
		query.Set(name, text)
	}
	if len(query) > 0 {
		e.call += "?" + query.Encode()
	}
	content, _ := member(member(op, "requestBody"), "content").(map[string]any)
	for media, m := range content {
		if value := member(member(member(m, "examples"), e.name), "value"); value != nil {
			e.media = media
			if text, ok := value.(string); ok && media != "application/json" {
				e.body = text
				continue
			}
			e.body = jsonText(value)
		}
	}
}

// jsonText writes a value as JSON.
func jsonText(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // was JSON before
	return strings.TrimSuffix(b.String(), "\n")
}
