package account

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kurir/message"
)

// Notice is something that people are told at the top of the web pages for a time, such as work that is planned.
type Notice struct {
	// Name by which it is changed, at most 64 octets.
	Name string `yaml:"name" example:"work-night"`
	// Text that is shown, at most 1000 characters.
	Text string `yaml:"text" example:"Tonight from 22:00 to 23:00 messages may be late."`
	// Texts are the same in other languages of the pages: language: text.
	Texts map[string]string `yaml:"texts" example:"{sv: \"I natt mellan 22 och 23 kan meddelanden dröja.\"}"`
	// Kind is how it is shown: info, warning or problem. Empty: info.
	Kind string `yaml:"kind" example:"warning"`
	// Start is from when on: a time (2027-01-31T22:00:00Z) or the beginning of a day in UTC (2027-01-31). Empty: at once.
	Start string `yaml:"start" example:"\"2027-01-31T20:00:00Z\""`
	// End is until when: a time or the end of a day in UTC. Empty: until it is deleted.
	End string `yaml:"end" example:"\"2027-01-31T23:00:00Z\""`
	// Accounts are those whose users see it, with the accounts below them. Empty: all.
	Accounts []string `yaml:"accounts"`

	from, until time.Time // of Start and End; zero for no bound
}

// maxNotice is how many characters the text of a notice has at most.
const maxNotice = 1000

// noticeKinds are how notices are shown, the mildest first.
var noticeKinds = []string{"info", "warning", "problem"}

// Validate reports what is wrong with a notice, each with the field as it is written in the file. That there are the accounts is for
// who knows all of them.
func (n *Notice) Validate(report func(field, problem string)) {
	switch {
	case n.Name == "":
		report("name", "is missing")
	case message.NameProblem(n.Name) != "":
		report("name", message.NameProblem(n.Name))
	}
	if strings.TrimSpace(n.Text) == "" {
		report("text", "is missing")
	}
	validateNoticeText("text", n.Text, report)
	for language, text := range n.Texts {
		if !slices.Contains(Languages(), language) {
			report("texts", fmt.Sprintf("%.40q is no language of the pages; there are %s", language, strings.Join(Languages(), ", ")))
		}
		validateNoticeText("texts."+language, text, report)
	}
	if n.Kind != "" && !slices.Contains(noticeKinds, n.Kind) {
		report("kind", fmt.Sprintf("%.40q is not one of %s", n.Kind, strings.Join(noticeKinds, ", ")))
	}
	from, err := noticeStart(n.Start)
	if err != nil {
		report("start", err.Error())
	}
	until, endErr := ParseExpiry(n.End)
	switch {
	case endErr != nil:
		report("end", endErr.Error())
	case err == nil && !until.IsZero() && !until.After(from):
		report("end", "is not after start, so that it would never be shown")
	}
}

func validateNoticeText(field, text string, report func(field, problem string)) {
	if utf8.RuneCountInString(text) > maxNotice {
		report(field, fmt.Sprintf("is longer than %d characters", maxNotice))
	}
}

// noticeStart reads when a notice begins: as ParseExpiry, but a day begins with its beginning.
func noticeStart(text string) (time.Time, error) {
	at, err := ParseExpiry(text)
	if err == nil && len(text) == len(time.DateOnly) {
		at = at.AddDate(0, 0, -1)
	}
	return at, err
}

// In gives the text in a language of the pages.
func (n *Notice) In(language string) string { return cmp.Or(n.Texts[language], n.Text) }

// Rank orders notices: the higher, the more urgent. It is the place of the kind among all kinds.
func (n *Notice) Rank() int { return max(slices.Index(noticeKinds, n.Kind), 0) }

// Shown is the kind as it is shown, info where nothing is said.
func (n *Notice) Shown() string { return noticeKinds[n.Rank()] }

// Span gives from when to when it is shown; zero for no bound.
func (n *Notice) Span() (from, until time.Time) { return n.from, n.until }

// AddNotices adds notices that Validate found nothing wrong with to a Directory that nobody has yet.
func (s *Directory) AddNotices(notices []Notice) {
	for i := range notices {
		n := notices[i]
		n.from, _ = noticeStart(n.Start) // checked
		n.until, _ = ParseExpiry(n.End)
		s.notices = append(s.notices, &n)
	}
}

// Notices gives what the users of an account are told at a time, the most urgent first; for nil, whoever has not signed in, what all are
// told. Not to be changed.
func (s *Directory) Notices(a *Account, now time.Time) (shown []*Notice) {
	if s == nil {
		return nil
	}
	for _, n := range s.notices {
		if !now.Before(n.from) && (n.until.IsZero() || now.Before(n.until)) && s.concerns(n, a) {
			shown = append(shown, n)
		}
	}
	slices.SortStableFunc(shown, func(a, b *Notice) int { return b.Rank() - a.Rank() })
	return shown
}

// concerns tells whether a notice is for the users of an account: for it or one above.
func (s *Directory) concerns(n *Notice, a *Account) bool {
	if len(n.Accounts) == 0 {
		return true
	}
	for range len(s.accounts) + 1 { // parents go in no circle, but that is checked elsewhere
		if a == nil {
			return false
		}
		if slices.Contains(n.Accounts, a.Name) {
			return true
		}
		a = s.byName[a.Parent]
	}
	return false
}
