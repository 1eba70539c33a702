package route

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kurir/message"
)

// Fallback says when the next link of a rule is tried. It is kept with each message of the rule, so that a later
// configuration changes nothing of it.
type Fallback struct {
	// After is how many failures on a link lead to the next, 1 to 100. 0: 1.
	After int `yaml:"after" json:"after,omitempty"`
	// On is the failures that lead to the next: busy, link_down, absent, memory_full, refused, bad_recipient, bad_sender,
	// bad_content. Empty: those of them that pass, the first four.
	On []string `yaml:"on" json:"on,omitempty"`
	// MayRepeat, if true, lets the next link send a message that one before has taken already: after a negative receipt, and after
	// a missing one. The phone may get it twice.
	MayRepeat bool `yaml:"may_repeat" json:"may_repeat,omitempty"`
	// Missing is how long after the operator took the message a receipt is missing, 1s to 24h; where the link can, the
	// operator is asked first. 0: only negative receipts count.
	Missing time.Duration `yaml:"missing" json:"missing,omitempty"`
	// Within is how long after its time a message may be repeated, up to 30 days. 0: until its validity ends.
	Within time.Duration `yaml:"within" json:"within,omitempty"`
}

// fallbackKinds are the failures that may lead to the next link.
func fallbackKinds() []message.FailureKind {
	return []message.FailureKind{
		message.Busy, message.LinkDown, message.Absent, message.MemoryFull, message.Refused, message.BadRecipient, message.BadSender, message.BadContent,
	}
}

// Text returns it as it is kept; empty if it says nothing.
func (f *Fallback) Text() string {
	if f == nil || f.After == 0 && len(f.On) == 0 && !f.MayRepeat {
		return ""
	}
	text, _ := json.Marshal(f) // of such fields it cannot fail
	return string(text)
}

// ParseFallback reads what Text wrote.
func ParseFallback(text string) (f Fallback, err error) {
	err = json.Unmarshal([]byte(text), &f)
	return f, err
}

// Sentence says in words what a trace says of it.
func (f *Fallback) Sentence() string {
	on := "one that passes"
	if len(f.On) > 0 {
		on = strings.Join(f.On, ", ")
	}
	text := fmt.Sprintf("the next link is tried after %d failures of these: %s", f.After, on)
	if f.After <= 1 {
		text = "the next link is tried after a failure: " + on
	}
	if f.MayRepeat {
		text += "; it may send again what was taken, after a negative receipt"
		if f.Missing != 0 {
			text += fmt.Sprintf(", and when none has come for %v", f.Missing)
		}
		if f.Within != 0 {
			text += fmt.Sprintf(", for %v", f.Within)
		}
	}
	return text
}

// Leads tells whether a failure of a kind leads to the next link.
func (f *Fallback) Leads(kind message.FailureKind) bool {
	if len(f.On) == 0 {
		return kind.Temporary()
	}
	for _, word := range f.On {
		if word == kind.Code() {
			return true
		}
	}
	return false
}

func (f *Fallback) validate(links int, report func(field, problem string)) {
	if f == nil {
		return
	}
	if links < 2 {
		report("fallback", "via has one link, and no other can be tried")
	}
	if f.After < 0 || f.After > 100 {
		report("fallback.after", fmt.Sprintf("%d is not between 1 and 100", f.After))
	}
	for i, word := range f.On {
		if _, ok := message.ParseFailure(word, fallbackKinds()); !ok {
			var names []string
			for _, k := range fallbackKinds() {
				names = append(names, k.Code())
			}
			report(Item("fallback.on", i, len(f.On)), fmt.Sprintf("%q is none of %s", word, strings.Join(names, ", ")))
		}
	}
	if f.Missing != 0 && (f.Missing < time.Second || f.Missing > 24*time.Hour) {
		report("fallback.missing", fmt.Sprintf("%v is not between 1s and 24h", f.Missing))
	}
	if f.Within < 0 || f.Within > 30*24*time.Hour {
		report("fallback.within", fmt.Sprintf("%v is not between 0 and 30 days", f.Within))
	}
	if !f.MayRepeat && (f.Missing != 0 || f.Within != 0) {
		report("fallback.may_repeat", "is missing: without it missing and within mean nothing")
	}
}
