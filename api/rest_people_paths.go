package api

import (
	"net/http"

	"kurir/directory"
	"kurir/message"
	"kurir/resource"
)

// What requests say of people, by names of their own in /openapi.json.
type (
	newContact  directory.Contact
	newGroup    directory.Group
	newTemplate directory.Template
)

// goneView says what was deleted.
type goneView struct {
	Deleted message.ID `json:"deleted"`
}

// membersChangedView is what a change of members came to.
type membersChangedView struct {
	Added   int64 `json:"added"`
	Removed int64 `json:"removed"`
	Members int64 `json:"members" doc:"that the group has now"`
}

// isMemberView tells whether somebody is in a group.
type isMemberView struct {
	Member bool `json:"member"`
}

// contactsImportedView is the answer to an import, which importReport writes.
type contactsImportedView struct {
	Results []lineImportedView `json:"results"`
	Lines   int                `json:"lines"`
	Made    int                `json:"made"`
	Changed int                `json:"changed"`
	Same    int                `json:"same"`
	Skipped int                `json:"skipped"`
	Refused int                `json:"refused"`
}

// lineImportedView is what became of one line.
type lineImportedView struct {
	Line   int        `json:"line"`
	Result string     `json:"result" enum:"made,changed,same,skipped,refused"`
	ID     message.ID `json:"id,omitempty" doc:"of the contact"`
	Field  string     `json:"field,omitempty" doc:"that is wrong"`
	Detail string     `json:"detail,omitempty"`
}

// ofAccount is the parameter by which administrators reach what is another account's.
var ofAccount = []parameter{
	{name: "account", text: "whose; of administrators only, left out: one's own"},
	{"book", "`own` is that of the user of the web pages who asks; left out: the account's, which all see", oneOf(bookCompany, bookOwn)},
}

// describePeople describes the paths of people.
func (s *httpServer) describePeople() {
	for _, n := range []struct {
		one, title, text string
		noun             *resource.Noun
		row, body        any
		made, changed    string // bodies of examples
		kept, goes       string // names that there are
	}{
		{
			"contact", "Contact", "Its mobile can be no other contact's (409 `taken`).", resource.Contacts(),
			contactView{},
			newContact{},
			`{"name":"Cleo","mobile":"070-123 45 90","language":"sv","fields":{"ward":"4"}}`, `{"fields":{"ward":"5"},"note":null}`, "Anna", "Bo",
		},
		{
			"group", "Group", "Its name can be no other group's (409 `taken`).", resource.Groups(),
			groupView{},
			newGroup{},
			`{"name":"doctors","note":"by day"}`, `{"note":"by night"}`, "nurses", "former",
		},
		{
			"template", "Template", "Placeholders are checked; the answer says which variables it needs.", resource.Templates(),
			templateView{},
			newTemplate{},
			`{"name":"due","text":"Dear {name}, {sum|the sum} is due.","texts":{"sv":"Hej {name}: {sum}"}}`, `{"texts":{"de":"Guten Tag {name}"}}`, "shift", "former",
		},
	} {
		all := "/v1/" + n.one + "s"
		at := all + "/{" + n.one + "}"
		vars := map[string]string{n.one: "id or name"}
		one := map[int]any{http.StatusOK: n.row}
		conflict := []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity, http.StatusGatewayTimeout}
		s.describe("GET "+all, description{
			name: "list" + n.title + "s", summary: n.title + "s of an account", text: exportText + " `search` is how the name begins.",
			list: &listing{n.one + "s", n.noun, n.row}, tables: tables, query: exported, examples: []example{{call: all + "?search=" + n.kept + "&limit=2"}},
		})
		s.describe("POST "+all, description{
			name: "make" + n.title, summary: "Make a " + n.one, text: n.text, query: ofAccount, body: n.body, answers: map[int]any{http.StatusCreated: n.row},
			also: []int{http.StatusConflict, http.StatusUnprocessableEntity, http.StatusGatewayTimeout}, examples: []example{{call: all, body: n.made}},
		})
		s.describe("GET "+at, description{
			name: "get" + n.title, summary: "A " + n.one, vars: vars, query: ofAccount, answers: one, also: []int{http.StatusConflict},
			examples: []example{{call: all + "/" + n.kept}},
		})
		s.describe("PATCH "+at, description{
			name: "change" + n.title, summary: "Change some of its fields (RFC 7396)", vars: vars, query: ofAccount, needs: ifMatch, body: n.body, answers: one,
			also: conflict, examples: []example{{call: all + "/" + n.kept, body: n.changed}},
		})
		s.describe("DELETE "+at, description{
			name: "delete" + n.title, summary: "Delete a " + n.one, vars: vars, query: ofAccount, needs: ifMatch, answers: map[int]any{http.StatusOK: goneView{}},
			also: conflict, examples: []example{{call: all + "/" + n.goes}},
		})
	}
	s.describeMembers()
	s.describeMerging()
}

func (s *httpServer) describeMerging() {
	contact := map[string]string{"contact": "id or name"}
	s.describe("GET /v1/contacts/duplicates", description{
		name: "listDuplicates", summary: "Contacts that may be one person", text: "They have a name in common, without regard to case and accents, or a mail address.",
		query:   append([]parameter{{"by", "what they have in common", oneOf("name", "mail")}, {name: "after", text: "what the page before said"}}, ofAccount...),
		answers: map[int]any{http.StatusOK: duplicatesPage{}}, also: []int{http.StatusGatewayTimeout}, examples: []example{{call: "/v1/contacts/duplicates?by=mail"}},
	})
	s.describe("POST /v1/contacts/{contact}/merge", description{
		name: "mergeContacts", summary: "Make one contact of several", vars: contact, query: ofAccount, body: mergeBody{},
		text:    "What the contact does not say it takes from the others; what they say otherwise comes into its note. It comes into their groups, and they are deleted.",
		answers: map[int]any{http.StatusOK: contactView{}}, also: []int{http.StatusConflict, http.StatusUnprocessableEntity, http.StatusGatewayTimeout},
		examples: []example{{call: "/v1/contacts/Anna/merge", body: `{"with":["06y30tp6r0501"]}`}},
	})
	s.describe("GET /v1/contacts/{contact}/groups", description{
		name: "listGroupsOfContact", summary: "Groups in which a contact is itself", vars: contact, query: ofAccount, answers: map[int]any{http.StatusOK: contactGroupsView{}},
		also: []int{http.StatusConflict, http.StatusGatewayTimeout}, examples: []example{{call: "/v1/contacts/Anna/groups"}},
	})
}

func (s *httpServer) describeMembers() {
	const at = "/v1/groups/{group}/members"
	group := map[string]string{"group": "id or name"}
	member := map[string]string{"group": "id or name", "member": "a number, `contact:NAME` or `group:NAME`"}
	wrong := []int{http.StatusConflict, http.StatusUnprocessableEntity, http.StatusGatewayTimeout}
	s.describe("GET "+at, description{
		name: "listMembers", summary: "Who is in a group", text: exportText + " Those of groups in it are not listed.", vars: group,
		list: &listing{"members", resource.Members(), memberView{}}, tables: tables, query: exported, examples: []example{{call: "/v1/groups/nurses/members?limit=2"}},
	})
	s.describe("POST "+at, description{
		name: "changeMembers", summary: "Add and remove members", text: "May be repeated: who is there is not added, who is not there not removed.", vars: group, query: ofAccount,
		body: membersBody{}, answers: map[int]any{http.StatusOK: membersChangedView{}}, also: wrong,
		examples: []example{{call: "/v1/groups/nurses/members", body: `{"add":["contact:Anna","+46701234599"],"remove":["+46701234598"]}`}},
	})
	s.describe("GET "+at+"/{member}", description{
		name: "findMember", summary: "Whether somebody is in a group", vars: member, query: ofAccount, answers: map[int]any{http.StatusOK: isMemberView{}}, also: wrong,
		examples: []example{{call: "/v1/groups/nurses/members/contact:Anna"}},
	})
	s.describe("DELETE "+at+"/{member}", description{
		name: "removeMember", summary: "Take somebody out of a group", vars: member, query: ofAccount, answers: map[int]any{http.StatusOK: membersChangedView{}}, also: wrong,
		examples: []example{{call: "/v1/groups/nurses/members/+46701234597"}},
	})
	s.describe("POST /v1/contacts/import", description{
		name: "importContacts", summary: "Make and change many contacts", text: "A contact that is there is found by its mobile, or its mail address where a line has no mobile.",
		query: append([]parameter{
			{"repeats", "what becomes of a contact that is there", oneOf("change", "skip", "refuse")},
			{name: "group", text: "group to which all of them come, by id or name"},
			{"dry_run", "nothing is changed: the answer says what would become of each line", oneOf("true", "false")},
		}, ofAccount...),
		bodies:  map[string]any{csvMedia: textSchema("the first line names the columns: name, mobile, pager, mail, language, note; others are fields"), ndjsonMedia: lines{"a contact in each line", exportedContact{}}, xlsxMedia: textSchema("a workbook (XLSX), whose first sheet is read as CSV is"), vcardMedia: textSchema("vCards of the versions 2.1, 3.0 and 4.0")},
		answers: map[int]any{http.StatusOK: contactsImportedView{}}, also: append(wrong, http.StatusTooManyRequests),
		examples: []example{{call: "/v1/contacts/import?group=nurses", body: "name,mobile,ward\nDoris,070-123 45 91,4\nErik,number,5\n", sends: csvMedia}},
	})
}
