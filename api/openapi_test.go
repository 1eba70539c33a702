package api

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"kurir/alarm"
	"kurir/gateway"
	"kurir/resource"
)

// everything is a server that serves every path there is.
func everything() *httpServer {
	o := HTTPOptions{
		Sessions: SessionsOptions{List: func() []SMPPSession { return nil }},
		Alarms:   AlarmsOptions{Book: &alarm.Book{}},
		Config:   ConfigOptions{Rows: func(context.Context, string) ([]resource.Row, error) { return nil, nil }},
		Status:   &Status{Version: "1.0"},
		Traces:   &Traces{},
		Events:   &Events{},
	}
	o.Use(&gateway.Gateway{})
	return NewHTTP(o).(*httpServer)
}

// TestDescribed holds that every method of every path is described, with a summary, answers and at least one example, and
// each variable and each parameter of an example is one that the operation has.
func TestDescribed(t *testing.T) {
	t.Parallel()
	s := everything()
	for _, call := range s.undescribed() {
		t.Errorf("%s: what is it for? say so with s.describe beside it", call)
	}
	names := map[string]bool{}
	for i := range s.said {
		o := &s.said[i]
		at := o.call
		if s.registered(o) == nil {
			t.Errorf("%s is described and not served", at)
		}
		if o.name == "" || names[o.name] {
			t.Errorf("%s: its name %q is missing or taken", at, o.name)
		}
		names[o.name] = true
		if o.summary == "" || len(o.allAnswers()) == 0 || len(o.examples) == 0 {
			t.Errorf("%s: summary, answers or examples are missing", at)
		}
		for _, v := range variables(o.call) {
			if o.vars[v] == "" && pathVars[v] == "" {
				t.Errorf("%s: what is {%s}?", at, v)
			}
		}
		seen := map[string]bool{}
		for k := range o.examples {
			e := &o.examples[k]
			if seen[e.name] || len(o.examples) > 1 && e.name == "" {
				t.Errorf("%s: the name %q of an example is missing or taken", at, e.name)
			}
			seen[e.name] = true
			refused := strings.HasPrefix(e.name, "refused")
			if good := e.status < 300; good == refused || good && k > 0 && strings.HasPrefix(o.examples[k-1].name, "refused") {
				t.Errorf("%s: the example %q has status %d; those that are refused are named so and come last", at, e.name, e.status)
			}
			if len(o.allAnswers()) > 1 && e.status == 0 {
				t.Errorf("%s: which of its answers has the example %s?", at, e.name)
			}
			if path, _ := o.values(e); len(path) != len(variables(o.call)) || strings.Count(e.call, "/") != strings.Count(o.call, "/") {
				t.Errorf("%s: the example %s is of another path", at, e.call)
			}
		}
	}
	document := s.document()
	for path, methods := range document.Paths {
		for method, o := range methods {
			known := map[string]bool{}
			for _, p := range o.Parameters {
				known[p.Name] = true
			}
			i := slices.IndexFunc(s.said, func(d described) bool { return d.name == o.Name })
			for k := range s.said[i].examples {
				_, query := s.said[i].values(&s.said[i].examples[k])
				for name := range query {
					if !known[name] {
						t.Errorf("%s %s: an example has the parameter %s, which the operation has not", method, path, name)
					}
				}
			}
		}
	}
}

// TestMessageFields holds that the document has the fields that are read, and no other.
func TestMessageFields(t *testing.T) {
	t.Parallel()
	said := map[string]bool{"atomic": true, "messages": true}
	for _, p := range messageFields() {
		said[p.Name] = true
	}
	for name := range restFields {
		if !said[name] {
			t.Errorf("%s is read and stands in no schema", name)
		}
	}
	for name := range said {
		if restFields[name] == 0 {
			t.Errorf("%s stands in a schema and is not read", name)
		}
	}
}

// TestDocument holds that /openapi.json is open to all, keeps its ETag, and is known by it.
func TestDocument(t *testing.T) {
	t.Parallel()
	s := everything()
	get := func(method, tag string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, "/openapi.json", nil)
		r.Header.Set("If-None-Match", tag)
		s.ServeHTTP(w, r)
		return w
	}
	w := get(http.MethodGet, "")
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 200 || doc.OpenAPI != "3.1.0" {
		t.Fatalf("%d %v %s", w.Code, err, w.Body)
	}
	if got := slices.Sorted(maps.Keys(doc.Paths["/v1/messages"])); !slices.Equal(got, []string{"get", "post"}) {
		t.Errorf("/v1/messages has %v", got)
	}
	tag := w.Header().Get("ETag")
	for _, have := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		if w := get(http.MethodGet, have); w.Code != http.StatusNotModified || w.Body.Len() != 0 || w.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d", have, w.Code)
		}
	}
	if w := get(http.MethodGet, `"other"`); w.Code != 200 {
		t.Errorf("another tag: %d", w.Code)
	}
	if w := get(http.MethodPost, ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %s", w.Code, w.Body)
	}
}

// TestAllSaid holds that the document says of every operation, parameter and member what it is.
func TestAllSaid(t *testing.T) {
	t.Parallel()
	document := everything().document()
	used := map[string]bool{}
	var look func(at string, s *resource.Schema)
	look = func(at string, s *resource.Schema) {
		if s == nil {
			return
		}
		for _, p := range s.Properties {
			used[at+"."+p.Name] = used[at+"."+p.Name] || p.Schema.Description == memberTexts[at+"."+p.Name]
			used[p.Name] = used[p.Name] || p.Schema.Description == memberTexts[p.Name]
			if p.Schema.Description == "" {
				t.Errorf("%s.%s: what is it? say so with the tag doc of its field, or in memberTexts", at, p.Name)
			}
			look(at+"."+p.Name, p.Schema)
		}
		look(at, s.Items)
		for _, one := range s.OneOf {
			look(at, one)
		}
		if more, ok := s.Additional.(*resource.Schema); ok {
			look(at, more)
		}
	}
	for name, s := range document.Components.Schemas {
		look(name, s)
	}
	for _, paths := range []map[string]map[string]*openOperation{document.Paths, document.Webhooks} {
		for path, methods := range paths {
			for method, o := range methods {
				at := method + " " + path
				if o.Summary == "" {
					t.Errorf("%s: what does it do?", at)
				}
				for _, p := range o.Parameters {
					if p.Text == "" {
						t.Errorf("%s: what is the parameter %s?", at, p.Name)
					}
				}
				if o.Body != nil {
					for _, m := range o.Body.Content {
						look(at, m.Schema)
						look(at, m.Line)
					}
				}
				for _, r := range o.Responses {
					if r.Text == "" && r.Ref == "" {
						t.Errorf("%s: what does an answer mean?", at)
					}
					for _, m := range r.Content {
						look(at, m.Schema)
						look(at, m.Line)
					}
				}
			}
		}
	}
	for name := range memberTexts {
		if !used[name] {
			t.Errorf("memberTexts has %s, which no schema needs", name)
		}
	}
}
