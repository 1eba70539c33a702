package api

import (
	"cmp"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"kurir/resource"
)

// description says what an operation is for. It stands beside the handler and
// becomes a part of /openapi.json: schemas are derived from the types that the
// handler reads and writes, parameters of lists from their nouns, who may from how
// it is registered, and what every operation has (signing in, problems) goes
// without saying.
type description struct {
	of      string            // the registered path with its method, if that is another
	name    string            // operationId: a stable name by which generated clients call it
	summary string            // a line
	text    string            // more, in Markdown
	vars    map[string]string // what variables of the path mean; see pathVars for those that always mean the same
	query   []parameter       // besides those of list
	list    *listing          // answers 200 with a page of rows
	body    any               // what is read; nil for no body
	bodies  map[string]any    // what else is read, by media type
	answers map[int]any       // what is written, by status: nil for no body
	tables  []string          // media types in which answers come as texts too
	line    any               // what stands in each line of such a text, or in each event; nil: a row of list
	also    []int             // statuses of problems beyond those that every such operation has
	needs   []string          // headers that may be sent: If-Match

	examples []example
}

// Values of body, bodies and answers are a zero value of the Go type, or a
// *resource.Schema, or a schemaOf where there is no type; of bodies and answers also lines.
type schemaOf func(g *resource.Schemas) *resource.Schema

// lines is a text of many lines of JSON, and what stands in each.
type lines struct {
	what string
	each any
}

// textSchema is the schema of a text in another media type than JSON.
func textSchema(what string) *resource.Schema {
	return &resource.Schema{Type: "string", Description: what}
}

// parameter is a parameter in the query.
type parameter struct {
	name, text string
	schema     *resource.Schema // nil for a text
}

// listing is a list: the rows under key, filtered and paged as its noun says.
type listing struct {
	key  string
	noun *resource.Noun
	row  any // a zero value
}

// example is a request and, from api/examples, what a Kurir answered to it. Tests
// make each: see docs/testing.md.
type example struct {
	name   string // if there are several
	call   string // path and query
	body   string // JSON, or of the media type in sends
	sends  string
	status int    // 0 for the one of answers
	media  string // of the answer, where it is not JSON
}

// described is a description of an operation, and served an operation as it is
// registered: GET /v1/messages.
type (
	described struct {
		call string
		description
	}
	served struct {
		call string
		operation
	}
)

// describe says what a registered operation is for, such as GET /v1/messages.
func (s *httpServer) describe(call string, d description) {
	d.of = cmp.Or(d.of, call)
	s.said = append(s.said, described{call, d})
}

// undescribed names what is served and not described.
func (s *httpServer) undescribed() (calls []string) {
	for _, o := range s.served {
		if !slices.ContainsFunc(s.said, func(d described) bool { return d.of == o.call }) {
			calls = append(calls, o.call)
		}
	}
	return calls
}

// registered gives the operation that is described, nil for none.
func (s *httpServer) registered(d *described) *operation {
	i := slices.IndexFunc(s.served, func(o served) bool { return o.call == d.of })
	if i < 0 {
		return nil
	}
	return &s.served[i].operation
}

// at gives method and path.
func (d *described) at() (method, path string) {
	method, path, _ = strings.Cut(d.call, " ")
	return method, path
}

// pathVars says what variables of paths mean.
var pathVars = map[string]string{
	"id":      "id, as lists and answers have it",
	"name":    "name, as the list has it",
	"account": "name of an account",
	"list":    "name of a number list",
	"entry":   "a number, the beginning of numbers (`+46*`) or a name",
	"phone":   "a telephone number, as people write it",
	"number":  "a telephone number, as people write it",
	"n":       "number of the session, from 1",
}

// variables names the variables of the path of a call.
func variables(call string) (names []string) {
	for part := range strings.SplitSeq(call, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// status is that of an example.
func (o *described) status(e *example) int {
	if e.status != 0 {
		return e.status
	}
	for status := range o.allAnswers() { // of several an example says which
		return status
	}
	return http.StatusOK
}

// allAnswers are those of a list too.
func (o *described) allAnswers() map[int]any {
	if o.list == nil {
		return o.answers
	}
	return map[int]any{http.StatusOK: o.list.page()}
}

// each is what stands in each line of tables.
func (o *described) each() any {
	if o.line == nil && o.list != nil {
		return o.list.row
	}
	return o.line
}

// page is what a list answers with.
func (l *listing) page() schemaOf {
	return func(g *resource.Schemas) *resource.Schema {
		return &resource.Schema{
			Type: "object", Required: []string{l.key}, Properties: resource.Properties{
				{Name: l.key, Schema: &resource.Schema{Type: "array", Items: schemaIn(g, l.row, true), Description: "the rows of this page"}},
				{Name: "next", Schema: &resource.Schema{Type: "string", Description: "address of the next page; left out on the last"}},
				{Name: "cursor", Schema: &resource.Schema{Type: "string", Description: "where this page ended, for the parameter of the same name"}},
			},
		}
	}
}

// schemaIn gives the schema of what is written or read.
func schemaIn(g *resource.Schemas, v any, written bool) *resource.Schema {
	switch v := v.(type) {
	case *resource.Schema:
		return v
	case schemaOf:
		return v(g)
	}
	if written {
		return g.Written(reflect.TypeOf(v))
	}
	return g.Read(reflect.TypeOf(v))
}

// values gives the values of parameters in an example by name, of those in the
// path and of those in the query.
func (o *described) values(e *example) (path map[string]string, query url.Values) {
	_, pattern := o.at()
	at, rest, _ := strings.Cut(e.call, "?")
	path = map[string]string{}
	parts := strings.Split(at, "/")
	for i, part := range strings.Split(pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok && i < len(parts) {
			path[strings.TrimSuffix(name, "}")], _ = url.PathUnescape(parts[i])
		}
	}
	query, _ = url.ParseQuery(rest) // written here; the test makes the call
	return path, query
}
