package account

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is one right that an API key may have: to read or to change (write) one kind of thing. The right of the account is
// needed as well: a key never may what its account may not.
type Scope string

// The scopes. Everything that REST offers takes exactly one of them; those of Admin are needed besides, to reach what is other accounts'.
const (
	MessagesRead  Scope = "messages:read"
	MessagesWrite Scope = "messages:write"
	InboundRead   Scope = "inbound:read"
	EventsRead    Scope = "events:read"
	PeopleRead    Scope = "people:read"
	PeopleWrite   Scope = "people:write"
	OptOutsRead   Scope = "optouts:read"
	OptOutsWrite  Scope = "optouts:write"
	QueuesRead    Scope = "queues:read"
	QueuesWrite   Scope = "queues:write"
	MoneyRead     Scope = "money:read"
	MoneyWrite    Scope = "money:write"
	SessionsRead  Scope = "sessions:read"
	SessionsWrite Scope = "sessions:write"
	TracesRead    Scope = "traces:read"
	TracesWrite   Scope = "traces:write"
	WebhooksRead  Scope = "webhooks:read"
	WebhooksWrite Scope = "webhooks:write"
	KeysRead      Scope = "keys:read"
	KeysWrite     Scope = "keys:write"
	LinksRead     Scope = "links:read"
	LinksWrite    Scope = "links:write"
	ListsRead     Scope = "lists:read"
	ListsWrite    Scope = "lists:write"
	AlarmsRead    Scope = "alarms:read"
	AlarmsWrite   Scope = "alarms:write"
	ConfigRead    Scope = "config:read"
	ConfigWrite   Scope = "config:write"
	WebRead       Scope = "web:read"
	WebWrite      Scope = "web:write"
	UsersRead     Scope = "users:read"
	UsersWrite    Scope = "users:write"
	AuditRead     Scope = "audit:read"
	AdminRead     Scope = "admin:read"
	AdminWrite    Scope = "admin:write"
)

// Words that stand for several scopes, those of later versions too.
const (
	everyScope = "*"
	everyRead  = "*:read"
)

// Scopes gives all of them.
func Scopes() []Scope {
	return []Scope{
		MessagesRead, MessagesWrite, InboundRead, EventsRead, PeopleRead, PeopleWrite, OptOutsRead, OptOutsWrite,
		QueuesRead, QueuesWrite, MoneyRead, MoneyWrite, SessionsRead, SessionsWrite, TracesRead, TracesWrite, WebhooksRead, WebhooksWrite,
		KeysRead, KeysWrite, LinksRead, LinksWrite, ListsRead, ListsWrite, AlarmsRead, AlarmsWrite, ConfigRead, ConfigWrite,
		WebRead, WebWrite, UsersRead, UsersWrite, AuditRead, AdminRead, AdminWrite,
	}
}

// Reads tells whether the scope changes nothing.
func (s Scope) Reads() bool { return strings.HasSuffix(string(s), ":read") }

// within tells whether words, as a key has them, comprise the scope. No words comprise all.
func (s Scope) within(words []string) bool {
	return len(words) == 0 || slices.Contains(words, string(s)) || slices.Contains(words, everyScope) || s.Reads() && slices.Contains(words, everyRead)
}

// scopeProblem says what is wrong with a word among the scopes of a key; empty: nothing.
func scopeProblem(word string) string {
	if word == everyScope || word == everyRead || slices.Contains(Scopes(), Scope(word)) {
		return ""
	}
	var known []string
	for _, s := range Scopes() {
		known = append(known, string(s))
	}
	return fmt.Sprintf("%.40q is no scope; there are %s, %s and, for all, %s", word, strings.Join(known, ", "), everyRead, everyScope)
}
