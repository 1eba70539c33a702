package resource

import (
	"fmt"
	"time"

	"kurir/gateway"
)

// Setting is a noun of the configuration that people make in the file, over REST or by `kurir config`.
type Setting struct {
	Kind    string   // as in the file: accounts
	Key     string   // field that holds the name; empty where only a path names it
	Ordered bool     // the first that matches counts: those of the file come first
	Single  bool     // there is one of it, which has the kind as its name
	Host    []string // fields, as in tls.ca, that lead to files or programs of the server's machine: in the file only
}

// Settings are all of them, in the order in which they can be made: none names one behind it.
func Settings() []Setting {
	return []Setting{
		{Kind: "country", Single: true},
		{Kind: "validity", Single: true},
		{Kind: "join_wait", Single: true},
		{Kind: "predefined", Single: true},
		{Kind: "secret", Single: true},
		{Kind: "traffic", Single: true},
		{Kind: "networks", Single: true, Host: []string{"file"}},
		{Kind: "tlvs", Key: "name"},
		{Kind: "connectors", Key: "name", Host: []string{"tls.ca", "tls.cert", "tls.key"}},
		{Kind: "filters", Key: "name", Host: []string{"command", "user"}},
		{Kind: "prices", Key: "name", Host: []string{"file"}},
		{Kind: "dimensions", Key: "name"},
		{Kind: "mail", Single: true, Host: []string{"aliases"}},
		{Kind: "aliases", Key: "name"},
		{Kind: "accounts", Key: "name"},
		{Kind: "keys", Key: "name"},
		{Kind: "users", Key: "name"},
		{Kind: "notices", Key: "name"},
		{Kind: "lists", Key: "name", Host: []string{"file"}},
		{Kind: "routes", Key: "name", Ordered: true},
		{Kind: "retries", Key: "failure"},
		{Kind: "rotas", Key: "name"},
		{Kind: "maintenance", Key: "name"},
		{Kind: "schedules", Key: "name"},
		{Kind: "series", Key: "name"},
		{Kind: "inbound", Ordered: true},
		{Kind: "replies", Key: "number"},
		{Kind: "alarms", Single: true},
	}
}

// Title names one of them to people: accounts/acme, or alarms of which there is one.
func (s *Setting) Title(name string) string {
	if s.Single {
		return s.Kind
	}
	return s.Kind + "/" + name
}

// SettingOf gives the noun with that name in the file.
func SettingOf(kind string) (Setting, bool) {
	for _, s := range Settings() {
		if s.Kind == kind {
			return s, true
		}
	}
	return Setting{}, false
}

// Sources of a Row.
const (
	InFile  = "file"
	OverAPI = "api"
)

// Row is one setting as it is shown: secrets are stars.
type Row struct {
	Kind, Name string
	Source     string // InFile or OverAPI
	Place      string // in the file: kurir.yaml:12
	Order      int64  // among those of its kind, from 1
	Position   int64  // among those made over REST, from 1; 0 of the file's
	Revision   int64  // of its last change; 0 of the file's
	ChangedAt  time.Time
	ChangedBy  string
	Value      map[string]any // the fields as they were given
	Warnings   []string       // of a change: what has no effect by it
}

// Action is what a Change does.
type Action string

// The actions.
const (
	Create  Action = "create"
	Replace Action = "replace" // or create
	Patch   Action = "change"
	Delete  Action = "delete"
)

// Change is a wish to change one setting.
type Change struct {
	Action     Action
	Kind, Name string         // Name may be empty for Create: Value has it
	Value      map[string]any // of Patch what changes, by RFC 7396
	Position   int64          // among those made over REST, from 1; 0: stays, or comes last
	Revision   int64          // that it must have; 0 for any
	By         string         // account

	Keyed  *gateway.Keyed    // the request that makes it, if that has a key; nil for most
	Answer func(*Row) []byte // with Keyed: what a repetition of the request is answered
}

// Place names a setting that was made over REST, as errors do.
func Place(kind, name string) string {
	if kind == name {
		return kind + " (made over REST)"
	}
	return fmt.Sprintf("%s %s (made over REST)", kind, name)
}

// Reason is why a change is refused.
type Reason uint8

// The reasons.
const (
	Invalid  Reason = iota // a field is wrong
	NoNoun                 // there is no such kind of setting
	Missing                // there is no such setting
	Taken                  // there is one of that name already
	OfFile                 // it stands in the file
	Outdated               // somebody changed it since
	Needed                 // others name it, or would be wrong with it
)

// Problem is one mistake of a change.
type Problem struct {
	Field string // such as senders[0]; empty when it is in no field of what was to change
	Text  string
}

// Refusal is why a change was not made.
type Refusal struct {
	Reason   Reason
	Problems []Problem // at least one
}

// Error gives the first mistake.
func (r *Refusal) Error() string { return r.Problems[0].Error() }

// Error gives the field and what is wrong with it.
func (p Problem) Error() string {
	if p.Field == "" {
		return p.Text
	}
	return p.Field + ": " + p.Text
}

// Refuse makes a Refusal of one mistake.
func Refuse(reason Reason, field, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Problems: []Problem{{field, fmt.Sprintf(format, args...)}}}
}

// Configured is the list of settings of one kind.
func Configured(s Setting) *Noun {
	return &Noun{
		Name: s.Kind,
		Fields: []Field{
			{Name: "name", Type: Text, Ops: Any, Sort: true},
			{Name: "source", Type: Word, Ops: Any, Words: []string{InFile, OverAPI}, Sort: true},
			{Name: "changed_by", Type: Text, Ops: Any, Sort: true},
			{Name: "changed_at", Type: Time, Ops: From | Until, Since: "since", Until: "until", Sort: true},
			{Name: "order", Sort: true},
		},
		Order: Order{Field: "order"},
	}
}

// Audited is what the audit keeps of the fields that a change has changed: secrets are stars.
type Audited struct {
	Before map[string]any `json:"before,omitempty"`
	After  map[string]any `json:"after,omitempty"`
}

// Audits is the list of who changed what.
func Audits() *Noun {
	return &Noun{
		Name: "audit",
		Fields: []Field{
			{Name: "noun", Type: Text, Ops: Equal},
			{Name: "name", Type: Text, Ops: Equal},
			{Name: "who", Type: Text, Ops: Equal},
			{Name: "number", Sort: true},
		},
		Order: Order{Field: "number", Descending: true},
	}
}
