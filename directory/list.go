package directory

import (
	"fmt"
	"slices"
	"strings"

	"kurir/message"
)

// List says which recipients or senders are blocked or allowed, and where.
type List struct {
	// Name by which refusals, routes and the interfaces name it.
	Name string `yaml:"name" example:"dnd"`
	// Kind is block, whose entries are refused, or allow, which refuses what is in none of the lists of this kind that
	// apply. An entry of a block list is refused whatever else allows it. With match nothing is refused: the list is there
	// for list of a route.
	Kind string `yaml:"kind" example:"block"`
	// Of is what the entries are: to, recipients, or from, senders. Empty: to.
	Of string `yaml:"of" example:"to"`
	// Accounts is whose messages it is for, by name or beginning of the name (acme-*). Empty: everybody's.
	Accounts []string `yaml:"accounts" example:"[acme]"`
	// Routes is the names of the routes whose messages it is for. Empty: whatever the route.
	Routes []string `yaml:"routes"`
	// File is a file of entries, one a line: numbers (+46701234567), beginnings (+4670*), patterns with ? and *, names. Read
	// at start and reload. Empty: only those made over REST.
	File string `yaml:"file"`

	read *Numbers // of File; nil without one
}

// The kinds of lists, and what their entries are.
const (
	BlockList = "block"
	AllowList = "allow"
	MatchList = "match"

	OfRecipients = "to"
	OfSenders    = "from"
)

// SetRead gives the list the entries of its file.
func (l *List) SetRead(n *Numbers) { l.read = n }

// Read gives the entries of its file; nil if it has none.
func (l *List) Read() *Numbers { return l.read }

// Senders tells whether the entries are senders, not recipients.
func (l *List) Senders() bool { return l.Of == OfSenders }

// For tells whether the list is for the messages of an account.
func (l *List) For(account string) bool {
	return len(l.Accounts) == 0 || slices.ContainsFunc(l.Accounts, func(pattern string) bool {
		if begin, open := strings.CutSuffix(pattern, "*"); open {
			return strings.HasPrefix(account, begin)
		}
		return account == pattern
	})
}

// Validate reports what is wrong with a list, each with the field as it is written in the file.
func (l *List) Validate(report func(field, problem string)) {
	switch {
	case l.Name == "":
		report("name", "is missing")
	case message.NameProblem(l.Name) != "":
		report("name", message.NameProblem(l.Name))
	case strings.ContainsAny(l.Name, "/?#"):
		report("name", "has a character that paths do not have: /, ? or #")
	}
	switch l.Kind {
	case BlockList, AllowList, MatchList:
	case "":
		report("kind", "is missing: block, allow or match")
	default:
		report("kind", fmt.Sprintf("%.40q is not one of block, allow, match", l.Kind))
	}
	if l.Of != "" && l.Of != OfRecipients && l.Of != OfSenders {
		report("of", fmt.Sprintf("%.40q is not one of to, from", l.Of))
	}
	for i, pattern := range l.Accounts {
		if at := strings.IndexByte(pattern, '*'); pattern == "" || at >= 0 && at != len(pattern)-1 {
			report(fmt.Sprintf("accounts[%d]", i), fmt.Sprintf("%.40q is no name of an account; * may stand at the end only", pattern))
		}
	}
	if l.Kind == MatchList && (len(l.Accounts) > 0 || len(l.Routes) > 0) {
		report("kind", "match has no effect by itself, so accounts and routes have none: the routes that name it under list say for whom it is")
	}
}
