package message

import (
	"fmt"
	"slices"
	"strings"
)

// SenderAbility says which senders an operator carries. Nil is all.
type SenderAbility struct {
	// Kinds are carried whatever they are: name (ACME), international (+46701234567), other (short codes and the like). Empty:
	// none but those below.
	Kinds []string `yaml:"kinds" json:",omitempty" example:"[international]"`
	// Listed are carried besides: exact (ACME, +46701234567), or by their beginning (AC*, +4673*).
	Listed []string `yaml:"listed" json:",omitempty"`
	// Extended is how many digits may stand behind an exact number of listed and behind own, 0 to 10.
	Extended int `yaml:"extended" json:",omitempty"`
	// Own is the link's own sender, which is carried too. Messages get it whose sender is not carried, where the rule of their
	// route says other_sender: own. Alone it is the one sender that the operator carries. Empty: none.
	Own string `yaml:"own" json:",omitempty" example:"\"+46737494949\""`
}

const maxExtended = 10

// Validate reports what is wrong with it, each with the field as it is written
// in the file.
func (s *SenderAbility) Validate(report func(field, problem string)) {
	if len(s.Kinds)+len(s.Listed) == 0 && s.Own == "" {
		report("kinds", "no sender would be carried: give kinds, listed or own, or leave senders out for all")
	}
	for i, kind := range s.Kinds {
		if !slices.Contains(addressKinds, kind) {
			report(fmt.Sprintf("kinds[%d]", i), fmt.Sprintf("%q is not known; %s are", kind, strings.Join(addressKinds, ", ")))
		}
	}
	for i, pattern := range s.Listed {
		if at := strings.IndexByte(pattern, '*'); pattern == "" || at >= 0 && at != len(pattern)-1 {
			report(fmt.Sprintf("listed[%d]", i), fmt.Sprintf("%q is neither a sender nor the beginning of one (AC*, +4673*)", pattern))
		}
	}
	if s.Extended < 0 || s.Extended > maxExtended {
		report("extended", fmt.Sprintf("is not within 0 to %d digits", maxExtended))
	}
	if len(s.Own) > maxAddress || strings.Contains(s.Own, "*") {
		report("own", "is not one sender: a name, +46701234567 or a short code")
	}
}

// Carries tells whether the operator carries a sender.
func (s *SenderAbility) Carries(a Address) bool {
	if s == nil {
		return true
	}
	for _, kind := range s.Kinds {
		if kind == kindOf(a) {
			return true
		}
	}
	return slices.ContainsFunc(s.Listed, func(pattern string) bool { return a.Matches(pattern) || s.extends(a, pattern) }) ||
		s.Own != "" && (a.Number == AddressOf(s.Own).Number || s.extends(a, s.Own))
}

// extends tells whether a number is another with some digits behind it.
func (s *SenderAbility) extends(a Address, number string) bool {
	more, ok := strings.CutPrefix(a.Number, strings.TrimPrefix(number, "+"))
	return ok && s.Extended > 0 && AllDigits(more) && len(more) <= s.Extended && AllDigits(a.Number)
}

// Shown returns what the operator is given for a sender: the sender, or the
// link's own where he does not carry it and the link has one.
func (s *SenderAbility) Shown(a Address) Address {
	if s == nil || s.Own == "" || s.Carries(a) {
		return a
	}
	return AddressOf(s.Own)
}

// String says in words what is carried.
func (s *SenderAbility) String() string {
	var words []string
	for _, kind := range s.Kinds {
		switch kind {
		case "name":
			words = append(words, "names")
		case "international":
			words = append(words, "international numbers")
		default:
			words = append(words, "short codes")
		}
	}
	words = append(words, s.Listed...)
	if s.Own != "" {
		words = append(words, s.Own)
	}
	text := strings.Join(words, ", ")
	if s.Extended > 0 {
		text += fmt.Sprintf(" with up to %d digits more", s.Extended)
	}
	return text
}
