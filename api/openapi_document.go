package api

import (
	"cmp"
	"embed"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"kurir/resource"
)

// The parts of an OpenAPI 3.1 document that this interface has.
type (
	openDocument struct {
		OpenAPI    string                               `json:"openapi"`
		Info       openInfo                             `json:"info"`
		Servers    []openServer                         `json:"servers"`
		Tags       []openTag                            `json:"tags"`
		Paths      map[string]map[string]*openOperation `json:"paths"`
		Webhooks   map[string]map[string]*openOperation `json:"webhooks"`
		Components openComponents                       `json:"components"`
	}
	openInfo struct {
		Title       string `json:"title"`
		Version     string `json:"version"`
		Description string `json:"description"`
	}
	openServer struct {
		URL string `json:"url"`
	}
	openTag struct {
		Name string `json:"name"`
	}
	openComponents struct {
		Schemas         map[string]*resource.Schema `json:"schemas"`
		Responses       map[string]*openResponse    `json:"responses"`
		SecuritySchemes map[string]openSecurity     `json:"securitySchemes"`
	}
	openSecurity struct {
		Type        string `json:"type"`
		Scheme      string `json:"scheme"`
		Description string `json:"description"`
	}
	openOperation struct {
		Name       string                   `json:"operationId"`
		Tags       []string                 `json:"tags"`
		Summary    string                   `json:"summary"`
		Text       string                   `json:"description,omitempty"`
		Security   []map[string][]string    `json:"security"`
		Parameters []*openParameter         `json:"parameters,omitempty"`
		Body       *openBody                `json:"requestBody,omitempty"`
		Responses  map[string]*openResponse `json:"responses"`
	}
	openParameter struct {
		Name     string           `json:"name"`
		In       string           `json:"in"`
		Text     string           `json:"description,omitempty"`
		Required bool             `json:"required,omitempty"`
		Style    string           `json:"style,omitempty"`
		Explode  *bool            `json:"explode,omitempty"`
		Schema   *resource.Schema `json:"schema"`
		Examples openExamples     `json:"examples,omitempty"`
	}
	openBody struct {
		Required bool                  `json:"required,omitempty"`
		Content  map[string]*openMedia `json:"content"`
	}
	openResponse struct {
		Ref     string                `json:"$ref,omitempty"`
		Text    string                `json:"description,omitempty"`
		Headers map[string]openHeader `json:"headers,omitempty"`
		Content map[string]*openMedia `json:"content,omitempty"`
	}
	openHeader struct {
		Text   string           `json:"description"`
		Schema *resource.Schema `json:"schema"`
	}
	openMedia struct {
		Schema   *resource.Schema `json:"schema"`
		Line     *resource.Schema `json:"x-itemSchema,omitempty"` // itemSchema of OpenAPI 3.2: of each line or event
		Examples openExamples     `json:"examples,omitempty"`
	}
	// openExamples stand in the order in which they were described: pages show the first.
	openExamples []openExample
	openExample  struct {
		name  string
		Value json.RawMessage `json:"value,omitempty"`
	}
)

// MarshalJSON writes them as an object, in their order.
func (list openExamples) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i := range list {
		if i > 0 {
			out = append(out, ',')
		}
		value, err := json.Marshal(&list[i])
		if err != nil {
			return nil, err
		}
		out = append(append(appendJSONString(out, list[i].name), ':'), value...)
	}
	return append(out, '}'), nil
}

// answeredExamples are what a Kurir answered to the examples: a file for what
// begins with the same word of the path, by operation and example. `go test ./app -run '^TestExamples$' -update` writes them.
//
//go:embed examples
var answeredExamples embed.FS

const schemaPrefix = "#/components/schemas/"

// composer makes the document.
type composer struct {
	doc      openDocument
	schemas  *resource.Schemas
	recorded map[string]answersByOperation // by the first word of the path
}

// document makes /openapi.json of what is described.
func (s *httpServer) document() *openDocument {
	version := ""
	if s.Status != nil {
		version = s.Status.Version
	}
	c := composer{schemas: resource.NewSchemas(schemaPrefix, specialSchema), recorded: map[string]answersByOperation{}}
	c.doc = openDocument{
		OpenAPI: "3.1.0",
		Info:    openInfo{Title: "Kurir", Version: cmp.Or(version, "unknown"), Description: documentText},
		Servers: []openServer{{URL: cmp.Or(s.Settings().Base, "/")}},
		Paths:   map[string]map[string]*openOperation{},
		Components: openComponents{
			Responses: map[string]*openResponse{},
			SecuritySchemes: map[string]openSecurity{
				"key":      {Type: "http", Scheme: "bearer", Description: "API key of the account; where it has scopes, the one that stands with the operation is needed"},
				"password": {Type: "http", Scheme: "basic", Description: "the account's name and password"},
			},
		},
	}
	for i := range s.said {
		if served := s.registered(&s.said[i]); served != nil {
			c.add(&s.said[i], served)
		}
	}
	c.webhooks()
	c.explainAll()
	c.doc.Components.Schemas = c.schemas.Named
	return &c.doc
}

// adminRole is that of accounts that may administrate.
const adminRole = "admin"

const documentText = `SMS gateway. Sign in with an API key (Bearer) or with an account's name and password (Basic). An account sees its own;
what takes the right to administrate says so. Times are RFC 3339 in UTC, amounts of money are texts because they are exact. Mistakes are
[RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem documents whose ` + "`code`" + ` is stable. Answers may get further members in later versions.
What stands in each line of a text of many lines (application/x-ndjson), or is the data of an event, says ` + "`x-itemSchema`" + `, as itemSchema of OpenAPI 3.2 will.`

// add puts an operation into the document.
func (c *composer) add(o *described, served *operation) {
	method, path := o.at()
	words := strings.Split(path, "/") // "", "v1", noun
	recorded := c.recordedAnswers(words[2])
	out := &openOperation{
		Name: o.name, Tags: []string{tagOf(words[2:])}, Summary: o.summary, Text: o.text,
		Responses: map[string]*openResponse{},
	}
	key, password := []string{string(served.scope)}, []string{} // roles that are needed (OpenAPI 3.1 4.8.30)
	if served.admins {
		key, password = append(key, adminRole), append(password, adminRole)
		out.Text = strings.TrimSpace("For accounts that may administrate. " + out.Text)
	}
	out.Security = []map[string][]string{{"key": key}, {"password": password}}
	c.parameters(out, o)
	if served.makes(method) && !slices.Contains(o.needs, keyHeader) {
		out.Parameters = append(out.Parameters, headerParameter(keyHeader))
	}
	c.body(out, o)
	c.answers(out, o, served.makes(method))
	for i := range o.examples {
		c.example(out, o, &o.examples[i], recorded[o.name])
	}
	if c.doc.Paths[path] == nil {
		c.doc.Paths[path] = map[string]*openOperation{}
	}
	c.doc.Paths[path][strings.ToLower(method)] = out
	if tag := (openTag{out.Tags[0]}); !slices.Contains(c.doc.Tags, tag) {
		c.doc.Tags = append(c.doc.Tags, tag)
	}
}

// parameters adds those of the path, of a list, of its own and the headers.
func (c *composer) parameters(out *openOperation, o *described) {
	for _, name := range variables(o.call) {
		schema := &resource.Schema{Type: "string"}
		if name == "n" {
			schema.Type = "integer"
		}
		out.Parameters = append(out.Parameters, &openParameter{
			Name: name, In: "path", Required: true, Schema: schema, Text: cmp.Or(o.vars[name], pathVars[name]),
		})
	}
	if o.list != nil {
		out.Parameters = append(out.Parameters, nounParameters(o.list.noun)...)
	}
	for _, p := range o.query {
		if p.schema == nil {
			p.schema = &resource.Schema{Type: "string"}
		}
		out.Parameters = append(out.Parameters, &openParameter{Name: p.name, In: "query", Schema: p.schema, Text: p.text})
	}
	for _, name := range o.needs {
		out.Parameters = append(out.Parameters, headerParameter(name))
	}
}

func headerParameter(name string) *openParameter {
	return &openParameter{Name: name, In: "header", Schema: &resource.Schema{Type: "string"}, Text: headerTexts[name]}
}

// headerTexts says what headers of requests mean.
var headerTexts = map[string]string{
	"Accept-Language": "of the sentences that explain failures",
	"Idempotency-Key": "a text of your own, 1 to 255 printable ASCII characters, by which a repetition of the request is known for a day and answered as the first was",
	"If-Match":        "ETag that the thing has to have; 412 if somebody changed it since",
	"Last-Event-ID":   "id of the last event that came, which browsers send by themselves: goes before `cursor` and `since`",
}

// body adds what is read.
func (c *composer) body(out *openOperation, o *described) {
	media := map[string]any{}
	maps.Copy(media, o.bodies)
	if o.body != nil {
		media[jsonMedia] = o.body
	}
	if len(media) == 0 {
		return
	}
	out.Body = &openBody{Content: map[string]*openMedia{}}
	for name, v := range media {
		media := c.media(v, false)
		out.Body.Content[name] = media
		out.Body.Required = out.Body.Required || name != jsonMedia || c.mustHave(media.Schema)
	}
}

// media is how something is written or read.
func (c *composer) media(v any, written bool) *openMedia {
	if l, ok := v.(lines); ok {
		return &openMedia{Schema: textSchema(l.what), Line: schemaIn(c.schemas, l.each, written)}
	}
	return &openMedia{Schema: schemaIn(c.schemas, v, written)}
}

// mustHave tells whether a body may not be left out: nothing is as good as {}.
func (c *composer) mustHave(s *resource.Schema) bool {
	if named := c.schemas.Named[strings.TrimPrefix(s.Ref, schemaPrefix)]; named != nil {
		s = named
	}
	return len(s.Required) > 0 || len(s.OneOf) > 0
}

const (
	jsonMedia    = "application/json"
	problemMedia = "application/problem+json"
	ndjsonMedia  = "application/x-ndjson"
	csvMedia     = "text/csv"
)

// answers adds what is written, and the problems that such an operation has.
func (c *composer) answers(out *openOperation, o *described, makes bool) {
	for status, v := range o.allAnswers() {
		r := &openResponse{Text: http.StatusText(status)}
		switch v := v.(type) {
		case nil:
		case lines:
			r.Content = map[string]*openMedia{ndjsonMedia: c.media(v, true)}
		default:
			r.Content = map[string]*openMedia{jsonMedia: c.media(v, true)}
		}
		for _, table := range o.tables {
			if r.Content == nil {
				r.Content = map[string]*openMedia{}
			}
			r.Content[table] = &openMedia{Schema: &resource.Schema{Type: "string"}}
			if each := o.each(); each != nil && table != csvMedia {
				r.Content[table].Line = schemaIn(c.schemas, each, true)
			}
		}
		out.Responses[strconv.Itoa(status)] = r
	}
	for _, status := range o.problems(makes) {
		name := "Problem" + strconv.Itoa(status)
		if c.doc.Components.Responses[name] == nil {
			c.doc.Components.Responses[name] = c.problem(status)
		}
		out.Responses[strconv.Itoa(status)] = &openResponse{Ref: "#/components/responses/" + name}
	}
}

// problem is the answer with a problem document of a status.
func (c *composer) problem(status int) *openResponse {
	r := &openResponse{
		Text:    http.StatusText(status),
		Content: map[string]*openMedia{problemMedia: {Schema: c.schemas.Written(reflect.TypeFor[problemView]())}},
	}
	whole := &resource.Schema{Type: "integer"}
	switch status {
	case http.StatusConflict:
		r.Headers = map[string]openHeader{"Retry-After": {"seconds to wait before the request is repeated, with the code `under_way`", whole}}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		r.Headers = map[string]openHeader{"Retry-After": {"seconds to wait before the request is repeated", whole}}
	case http.StatusUnauthorized:
		r.Headers = map[string]openHeader{"WWW-Authenticate": {"how to sign in", &resource.Schema{Type: "string"}}}
	}
	return r
}

// problems are the statuses of what can be wrong; makes says that the operation
// takes an Idempotency-Key.
func (o *described) problems(makes bool) []int {
	all := slices.Concat(o.also, []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable,
	})
	if len(variables(o.call)) > 0 {
		all = append(all, http.StatusNotFound)
	}
	if o.body != nil || o.bodies != nil {
		all = append(all, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	if makes {
		all = append(all, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// example puts a request into parameters and body, and what was answered into the
// answer of its status, all under its name.
func (c *composer) example(out *openOperation, o *described, e *example, recorded map[string]json.RawMessage) {
	name := cmp.Or(e.name, o.name)
	path, query := o.values(e)
	for _, p := range out.Parameters {
		value, given := path[p.Name]
		if p.In == "query" {
			value, given = query.Get(p.Name), query.Has(p.Name)
		}
		if !given {
			continue
		}
		p.Examples = append(p.Examples, openExample{name, parameterValue(p, value)})
	}
	if out.Body != nil && e.body != "" {
		media, value := cmp.Or(e.sends, jsonMedia), json.RawMessage(e.body)
		if media != jsonMedia {
			value, _ = json.Marshal(e.body) // a text always marshals
		}
		out.Body.Content[media].put(name, value)
	}
	c.answerExample(out, o, e, name, recorded[name])
}

// parameterValue writes the value of a parameter as its schema has it.
func parameterValue(p *openParameter, value string) json.RawMessage {
	var v any = value
	switch p.Schema.Type {
	case "integer", "boolean":
		return json.RawMessage(value)
	case "array":
		v = strings.Split(value, ",")
	}
	text, _ := json.Marshal(v) // texts always marshal
	return text
}

func (c *composer) answerExample(out *openOperation, o *described, e *example, name string, answer json.RawMessage) {
	status := o.status(e)
	key := strconv.Itoa(status)
	if r := out.Responses[key]; r != nil && r.Ref != "" {
		out.Responses[key] = c.problem(status)
	}
	r, media := out.Responses[key], cmp.Or(e.media, jsonMedia)
	if r == nil {
		panic("api: an example of " + o.name + " has status " + key + ", which is none of its answers") // seen by every test of the document
	}
	if r.Content[problemMedia] != nil {
		media = problemMedia
	}
	if m := r.Content[media]; m != nil {
		m.put(name, answer)
	}
}

func (m *openMedia) put(name string, value json.RawMessage) {
	m.Examples = append(m.Examples, openExample{name, value})
}

// answersByOperation are recorded answers by operation and example.
type answersByOperation map[string]map[string]json.RawMessage

// recordedAnswers reads those of a file; none before they were made.
func (c *composer) recordedAnswers(word string) answersByOperation {
	if have, ok := c.recorded[word]; ok {
		return have
	}
	var answers answersByOperation
	if text, err := answeredExamples.ReadFile("examples/" + word + ".json"); err == nil {
		if err := json.Unmarshal(text, &answers); err != nil {
			panic("api: examples/" + word + ".json: " + err.Error()) // embedded; seen by every test of the document
		}
	}
	c.recorded[word] = answers
	return answers
}

// tagOf gives what operations are grouped by: messages, or config accounts.
func tagOf(words []string) string {
	if words[0] == "config" && len(words) > 1 {
		return words[0] + " " + words[1]
	}
	return words[0]
}
