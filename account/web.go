package account

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kurir/message"
)

// Web is how the web pages look to the users of an account, and what of them they see. Each field that is left out is that of
// the account above; host and open are the account's alone.
type Web struct {
	// Name at the top of the pages, at most 40 characters. Empty: the name of the account above, or else Kurir.
	Name string `yaml:"name" example:"Acme SMS"`
	// Logo beside the name: a PNG or JPEG picture in base64, at most 40 KiB and 1024 pixels wide and high. Over REST and on the pages a
	// picture is uploaded as it is; in the file ${file:logo.b64} reads it from another. Empty: that of the account above, or Kurir's.
	Logo string `yaml:"logo"`
	// Color of buttons and links, such as #0b6b5d. Where text would be hard to read in it, a darker or lighter tone takes its
	// place. Empty: green.
	Color string `yaml:"color" example:"\"#0b6b5d\""`
	// Band is the colour of the bar at the top, likewise. Empty: none.
	Band string `yaml:"band" example:"\"#12304a\""`
	// Host by which the users reach the pages, without a port: there the page of signing in looks like theirs, and only they and
	// the users of accounts below may sign in. Empty: none.
	Host string `yaml:"host" example:"sms.acme.example"`
	// Open lets the users of other accounts sign in at that host too.
	Open bool `yaml:"open"`
	// Language of the pages for users who have chosen none: en or sv. Empty: the browser's.
	Language string `yaml:"language" example:"sv"`
	// Functions that the users see: compose, sent, conversations, contacts, templates, schedules, rota, reports. What the account
	// above does not have cannot be given back. Empty: all.
	Functions []string `yaml:"functions" example:"[compose, sent, contacts]"`
}

// WebFunctions are the names of what pages can be left out.
func WebFunctions() []string {
	return []string{"compose", "sent", "conversations", "contacts", "templates", "schedules", "rota", "reports"}
}

// maxWebName bounds the name at the top of the pages, in characters.
const maxWebName = 40

// validate reports what is wrong with it.
func (l *Web) validate(report func(field, problem string)) {
	if problem := message.NameProblem(l.Name); problem != "" {
		report("name", problem)
	} else if n := len([]rune(l.Name)); n > maxWebName {
		report("name", fmt.Sprintf("has %d characters; at most %d are possible", n, maxWebName))
	}
	if l.Logo != "" {
		if _, _, err := ReadLogo(l.Logo); err != nil {
			report("logo", err.Error())
		}
	}
	for _, c := range []struct{ field, text string }{{"color", l.Color}, {"band", l.Band}} {
		if _, ok := ParseColor(c.text); c.text != "" && !ok {
			report(c.field, fmt.Sprintf("%.40q is no colour such as #0b6b5d", c.text))
		}
	}
	if l.Host != "" && !isHost(l.Host) {
		report("host", fmt.Sprintf("%.80q is no name of a host in small letters, without a port, such as sms.example.com", l.Host))
	}
	if l.Open && l.Host == "" {
		report("open", "has no effect without a host")
	}
	if l.Language != "" && !slices.Contains(Languages(), l.Language) {
		report("language", fmt.Sprintf("%.40q is no language of the pages; there are %s", l.Language, strings.Join(Languages(), ", ")))
	}
	for i, name := range l.Functions {
		if !slices.Contains(WebFunctions(), name) {
			report(fmt.Sprintf("functions[%d]", i), fmt.Sprintf("%.40q is no function of the pages; there are %s", name, strings.Join(WebFunctions(), ", ")))
		}
	}
}

// isHost tells whether a text is the name of a host as browsers send it: letters, digits and hyphens between dots.
func isHost(text string) bool {
	if len(text) > 253 {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

// Color is a colour of sRGB.
type Color struct{ R, G, B uint8 }

// ParseColor reads #rrggbb.
func ParseColor(text string) (Color, bool) {
	digits, ok := strings.CutPrefix(text, "#")
	n, err := strconv.ParseUint(digits, 16, 32)
	if !ok || len(digits) != 6 || err != nil {
		return Color{}, false
	}
	return Color{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
}

// String gives it as #rrggbb.
func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Looks is how the pages look to the users of an account, with what the accounts above say.
type Looks struct {
	Name, Logo, Color, Band, Language string
	off                               []string // functions that they do not see
}

// Sees tells whether the users see a function of the pages; one without a name everybody sees.
func (l *Looks) Sees(function string) bool {
	return function == "" || !slices.Contains(l.off, function)
}

// Looks gives how the pages look to the account's users. It is shared.
func (a *Account) Looks() *Looks {
	if a.looks == nil {
		return &Looks{}
	}
	return a.looks
}

// inherit takes over from an account what is not said below it.
func (l *Looks) inherit(up *Web) {
	for _, pair := range []struct {
		here *string
		up   string
	}{{&l.Name, up.Name}, {&l.Logo, up.Logo}, {&l.Color, up.Color}, {&l.Band, up.Band}, {&l.Language, up.Language}} {
		if *pair.here == "" {
			*pair.here = pair.up
		}
	}
	if len(up.Functions) == 0 {
		return
	}
	for _, name := range WebFunctions() {
		if !slices.Contains(up.Functions, name) && !slices.Contains(l.off, name) {
			l.off = append(l.off, name)
		}
	}
}

// ByHost gives the account whose pages are reached by a host, nil if there is none.
func (s *Directory) ByHost(host string) *Account {
	if s == nil {
		return nil
	}
	return s.byHost[strings.ToLower(host)]
}
