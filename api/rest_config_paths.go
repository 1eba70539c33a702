package api

import (
	"net/http"
	"reflect"
	"strings"

	"kurir/account"
	"kurir/resource"
)

// configPaths registers what administrators make, change and delete of what else stands in the file.
func (s *httpServer) configPaths() {
	s.rest("/v1/config", methods{http.MethodGet: admins(account.ConfigRead, s.listNouns)})
	s.rest("/v1/config/{noun}", methods{
		http.MethodGet: admins(account.ConfigRead, s.byNumber(s.getSetting, s.listSettings)), http.MethodPost: admins(account.ConfigWrite, s.byNumber(nil, s.changeBy(resource.Create))),
		http.MethodPut: admins(account.ConfigWrite, s.byNumber(s.changeBy(resource.Replace), nil)), http.MethodPatch: admins(account.ConfigWrite, s.byNumber(s.changeBy(resource.Patch), nil)),
		http.MethodDelete: admins(account.ConfigWrite, s.byNumber(s.deleteSetting, nil)),
	})
	s.rest("/v1/config/{noun}/{name}", methods{
		http.MethodGet: admins(account.ConfigRead, s.getSetting), http.MethodPut: admins(account.ConfigWrite, s.changeBy(resource.Replace)),
		http.MethodPatch: admins(account.ConfigWrite, s.changeBy(resource.Patch)), http.MethodDelete: admins(account.ConfigWrite, s.deleteSetting),
	})
	s.describe("GET /v1/config", description{
		name: "listNouns", summary: "What can be made over REST of what stands in the file", answers: map[int]any{http.StatusOK: nounsView{}},
		examples: []example{{call: "/v1/config"}},
	})
	for _, noun := range resource.Settings() {
		s.describeSetting(noun)
	}
}

// nounsView names what can be made.
type nounsView struct {
	Nouns []nounView `json:"nouns"`
}

type nounView struct {
	Noun    string `json:"noun"`
	Key     string `json:"key,omitempty" doc:"field that holds the name"`
	Ordered bool   `json:"ordered" doc:"the first that matches counts; those of the file come first"`
	Single  bool   `json:"single" doc:"there is one of it"`
}

// deletedView is what was deleted.
type deletedView struct {
	Deleted  string `json:"deleted"`
	Revision int64  `json:"revision"`
}

// describeSetting says what can be done with settings of one kind: as the document
// has it each has paths of its own, with the fields that it has.
func (s *httpServer) describeSetting(n resource.Setting) {
	title := "Setting" + named(n.Kind)
	value := schemaOf(func(g *resource.Schemas) *resource.Schema { return s.settingSchema(g, n, title) })
	shown := schemaOf(func(g *resource.Schemas) *resource.Schema {
		g.Written(reflect.TypeFor[settingView]())
		view := *g.Named["Setting"]
		view.Properties = append(resource.Properties{}, view.Properties...)
		for i := range view.Properties {
			if p := &view.Properties[i]; p.Name == "value" {
				p.Schema = value(g)
			}
		}
		g.Named[title+"Shown"] = &view
		return g.Ref(title + "Shown")
	})
	change := schemaOf(func(g *resource.Schemas) *resource.Schema {
		value(g)
		return resource.Nullable(g.Named[title])
	})
	d := settingDescriber{s, n, value, shown, change, exampleOf(n.Kind)}
	if n.Single {
		d.one("/v1/config/"+n.Kind, "/v1/config/{noun}", "/v1/config/"+n.Kind)
		return
	}
	d.several()
	d.one("/v1/config/"+n.Kind+"/{name}", "/v1/config/{noun}/{name}", "/v1/config/"+n.Kind+"/"+d.name)
}

// settingSchema is the schema of the fields of a setting.
func (s *httpServer) settingSchema(g *resource.Schemas, n resource.Setting, title string) *resource.Schema {
	schema := &resource.Schema{Type: "object"}
	if s.Config.Schema != nil {
		schema = s.Config.Schema(n)
	}
	g.Named[title] = schema
	return g.Ref(title)
}

// named makes a part of a name of a word: join_wait becomes JoinWait.
func named(word string) string {
	name := ""
	for part := range strings.SplitSeq(word, "_") {
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	return name
}

// settingDescriber describes the paths of one kind of setting.
type settingDescriber struct {
	s            *httpServer
	noun         resource.Setting
	value, shown schemaOf
	change       schemaOf // of some of the fields
	settingExample
}

func (d *settingDescriber) describe(call, of string, o description) {
	method, _, _ := strings.Cut(call, " ")
	o.of = method + " " + of
	d.s.describe(call, o)
}

// position is where one is put among those that are made over REST.
func (d *settingDescriber) position() []parameter {
	if !d.noun.Ordered {
		return nil
	}
	return []parameter{{"position", "among those made over REST, from 1; left out: stays, or comes last", &resource.Schema{Type: "integer"}}}
}

// several describes the list, and how one is added to it.
func (d *settingDescriber) several() {
	path, kind := "/v1/config/"+d.noun.Kind, d.noun.Kind
	d.describe("GET "+path, "/v1/config/{noun}", description{
		name: "list" + named(kind) + "Settings", summary: "Settings under " + kind + ", those of the file first",
		list: &listing{kind, resource.Configured(d.noun), d.shown}, examples: []example{{call: path + "?source=api"}},
	})
	if d.noun.Key == "" {
		return // the path alone can name it
	}
	d.describe("POST "+path, "/v1/config/{noun}", description{
		name: "create" + named(kind) + "Setting", summary: "Make one under " + kind, text: "In force at once. 409 if there is one of that name.",
		query: d.position(), body: d.value, answers: map[int]any{http.StatusCreated: d.shown}, also: []int{http.StatusConflict, http.StatusGatewayTimeout},
		examples: []example{{call: path, body: d.other}},
	})
}

// one describes what is done with one.
func (d *settingDescriber) one(path, of, at string) {
	kind := d.noun.Kind
	name := named(kind) + "Setting"
	shown, changed := map[int]any{http.StatusOK: d.shown}, []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusGatewayTimeout}
	vars := map[string]string{"name": "name of one under " + kind + ", or its place in the file (`" + kind + "[0]`)"}
	if d.noun.Key != "" && d.noun.Key != "name" {
		vars["name"] = "its " + d.noun.Key
	}
	missing := []int{http.StatusNotFound}
	d.describe("GET "+path, of, description{
		name: "get" + name, summary: "What is said of " + kind, vars: vars, answers: shown, also: missing, examples: []example{{call: at}},
	})
	d.describe("PUT "+path, of, description{
		name: "put" + name, summary: "Make it, or put this in its place", vars: vars, query: d.position(), needs: ifMatch, body: d.value,
		text:    "In force at once; a mistake names its field and changes nothing. What stands in the file cannot be changed: 409.",
		answers: shown, also: changed, examples: []example{{call: at, body: d.put}},
	})
	d.describe("PATCH "+path, of, description{
		name: "change" + name, summary: "Change some of its fields (RFC 7396)", vars: vars, query: d.position(), needs: ifMatch, body: d.change,
		text: "`null` takes a field out; a secret that is sent back as stars stays as it is.", answers: shown, also: append(changed, missing...),
		examples: []example{{call: at, body: d.patch}},
	})
	d.describe("DELETE "+path, of, description{
		name: "delete" + name, summary: "Delete it", vars: vars, needs: ifMatch, text: "409 if others name it, or it stands in the file.",
		answers: map[int]any{http.StatusOK: deletedView{}}, also: append(changed, missing...), examples: []example{{call: at}},
	})
}

var ifMatch = []string{"If-Match"}
