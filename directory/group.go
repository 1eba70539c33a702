package directory

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"kurir/message"
)

// Bounds of groups.
const (
	// MaxGroupDepth is how many groups may stand within each other.
	MaxGroupDepth = 8
	// MaxGroupMembers is how many members one group may have, those of groups in it not counted.
	MaxGroupMembers = 1_000_000
)

// Group is a set of recipients: contacts, numbers, and other groups. It belongs to one account.
type Group struct {
	Name string `json:"name,omitempty"`
	Note string `json:"note,omitempty"`
}

// Tidy reports what is wrong with a group, each with its field.
func (g *Group) Tidy(report func(field, problem string)) {
	g.Name = strings.TrimSpace(g.Name)
	if g.Name == "" {
		report("name", "is missing")
	} else if problem := calledProblem(g.Name); problem != "" {
		report("name", problem)
	}
	if problem := noteProblem(g.Note); problem != "" {
		report("note", problem)
	}
}

// Differences names the fields in which two groups differ, in a fixed order.
func (g *Group) Differences(h *Group) (fields []string) {
	if g.Name != h.Name {
		fields = append(fields, "name")
	}
	if g.Note != h.Note {
		fields = append(fields, "note")
	}
	return fields
}

// RecipientKind is what a recipient is: the values are stored.
type RecipientKind uint8

// The kinds.
const (
	NumberRecipient  RecipientKind = 0
	ContactRecipient RecipientKind = 1
	GroupRecipient   RecipientKind = 2
	RotaRecipient    RecipientKind = 3 // whoever is on duty; no member of a group
)

// The words before contacts, groups and rotas where recipients are named. No number has a letter or a colon, so that none is
// taken for one.
const (
	contactPrefix = "contact:"
	groupPrefix   = "group:"
	rotaPrefix    = "rota:"
)

// ParseRecipient tells what a recipient is, and gives its number or name: contact:Anna, group:nurses, rota:ward4, or a number as
// it is written.
func ParseRecipient(text string) (RecipientKind, string) {
	if name, ok := strings.CutPrefix(text, contactPrefix); ok {
		return ContactRecipient, strings.TrimSpace(name)
	}
	if name, ok := strings.CutPrefix(text, groupPrefix); ok {
		return GroupRecipient, strings.TrimSpace(name)
	}
	if name, ok := strings.CutPrefix(text, rotaPrefix); ok {
		return RotaRecipient, strings.TrimSpace(name)
	}
	return NumberRecipient, text
}

// String gives the prefix of a kind without its colon: contact, group, rota, number.
func (k RecipientKind) String() string {
	switch k {
	case ContactRecipient:
		return "contact"
	case GroupRecipient:
		return "group"
	case RotaRecipient:
		return "rota"
	}
	return "number"
}

// Member is one member of a group.
type Member struct {
	Kind RecipientKind
	ID   message.ID // of a contact or group
	To   string     // number, as Address.String writes it
}

// Key gives a member as one number by which members of a group are told apart and ordered: contacts and groups, which have
// ids that no two share, below zero, numbers above. false: it is no number that can be kept.
func (m *Member) Key() (int64, bool) {
	if m.Kind != NumberRecipient {
		return -int64(m.ID), m.ID > 0
	}
	digits, plus := strings.CutPrefix(m.To, "+")
	if len(digits) == 0 || len(digits) > maxDigits || !message.AllDigits(digits) {
		return 0, false
	}
	n, err := strconv.ParseInt("1"+digits, 10, 64) // the 1 keeps zeros in front
	n <<= 1
	if plus {
		n |= 1
	}
	return n, err == nil
}

// MemberOf is the reverse of Member.Key.
func MemberOf(kind RecipientKind, key int64) Member {
	if kind != NumberRecipient {
		return Member{Kind: kind, ID: message.ID(-key)}
	}
	digits := strconv.FormatInt(key>>1, 10)[1:]
	if key&1 != 0 {
		digits = "+" + digits
	}
	return Member{To: digits}
}

// Errors of groups within groups.
var (
	ErrCircle  = errors.New("the group would be in itself")
	ErrTooDeep = fmt.Errorf("more than %d groups would stand within each other", MaxGroupDepth)
)

// mayHold bounds how many groups CheckNesting looks at.
const mayHold = 10_000

// CheckNesting tells whether a group can be a member of another, given which groups each group has in it (below), and which
// have it (above).
func CheckNesting(outer, inner message.ID, below, above func(message.ID) ([]message.ID, error)) error {
	if outer == inner {
		return ErrCircle
	}
	down, err := depth(inner, outer, below)
	if err != nil {
		return err
	}
	up, err := depth(outer, inner, above)
	if err != nil {
		return err
	}
	if down+up > MaxGroupDepth {
		return ErrTooDeep
	}
	return nil
}

// depth is how many groups stand within each other from one on, itself included. It goes by levels, so that what is in many
// groups is looked at once a level.
func depth(from, never message.ID, next func(message.ID) ([]message.ID, error)) (int, error) {
	level, looked := []message.ID{from}, 0
	for n := 1; ; n++ {
		if n > MaxGroupDepth {
			return 0, ErrTooDeep
		}
		seen := map[message.ID]bool{}
		var more []message.ID
		for _, id := range level {
			if looked++; looked > mayHold {
				return 0, ErrTooDeep
			}
			ids, err := next(id)
			if err != nil {
				return 0, err
			}
			for _, found := range ids {
				if found == never {
					return 0, ErrCircle
				}
				if !seen[found] {
					seen[found] = true
					more = append(more, found)
				}
			}
		}
		if len(more) == 0 {
			return n, nil
		}
		level = more
	}
}
