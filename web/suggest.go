package web

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"kurir/account"
	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
)

// How many recipients are offered.
const (
	foundShown  = 8
	recentShown = 6
	recentLooks = 300 // messages among which recent recipients are looked for
)

// suggestion is a recipient that is offered.
type suggestion struct {
	Value string `json:"value"` // as it stands in the list
	Label string `json:"label"`
	About string `json:"about"` // its number, or how many it has
	Kind  string `json:"kind"`  // contact, group, rota or number, in the user's language
}

// suggestions answers the script of the page with recipients for what is typed; for nothing with recent ones.
func (v *visit) suggestions() {
	typed := strings.TrimSpace(v.r.URL.Query().Get("q"))
	list := v.recent(foundShown)
	if typed != "" {
		list = v.suggest(typed, foundShown)
	}
	text, err := json.Marshal(append([]suggestion{}, list...))
	if err != nil { // it always can be written
		return
	}
	v.w.Header().Set("Content-Type", "application/json")
	_, _ = v.w.Write(text) // a client that has gone needs no answer
}

// suggest finds contacts and groups whose name begins with what is typed, and the contact with a number, in the user's own book and in the
// account's. What cannot be read is not offered.
func (v *visit) suggest(typed string, most int) (list []suggestion) {
	typed = strings.TrimSpace(typed)
	if typed == "" || len(typed) > 100 {
		return nil
	}
	if strings.ContainsFunc(typed, unicode.IsDigit) && !strings.ContainsFunc(typed, unicode.IsLetter) {
		for _, r := range v.recent(recentLooks) {
			if digits(typed) != "" && strings.Contains(digits(r.About+r.Value), strings.TrimLeft(digits(typed), "0")) && len(list) < most {
				list = append(list, r)
			}
		}
		if to, err := v.number(typed); err == nil {
			list = append(v.contacts(v.found(gateway.PeopleFilter{Mobile: to.Number, Limit: 1})), list...)
		}
		return unique(list, most)
	}
	for _, book := range v.books() {
		groups, _ := v.Core.Groups(v.r.Context(), gateway.PeopleFilter{Account: book, Search: typed, ByName: true, Limit: most / 4})
		for _, g := range groups {
			list = append(list, v.offer("group", "suggest.group", g.Name, g.ID, v.words(v.lang(), "suggest.members", g.Members)))
		}
	}
	return unique(append(list, v.contacts(v.found(gateway.PeopleFilter{Search: typed, ByName: true, Limit: most}))...), most)
}

// books are those in which names are looked for: the user's own, which counts first, and the account's.
func (v *visit) books() []string {
	return []string{gateway.Book(v.account.Name, v.user.Name), v.account.Name}
}

// found finds contacts in both books, the user's own first.
func (v *visit) found(f gateway.PeopleFilter) (list []*gateway.Contact) {
	for _, book := range v.books() {
		f.Account = book
		contacts, _ := v.Core.Contacts(v.r.Context(), f)
		list = append(list, contacts...)
	}
	return list
}

// digits leaves out all else.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}

// contacts offers contacts by name; those whose name others have too, here or in the other book, by number.
func (v *visit) contacts(found []*gateway.Contact) (list []suggestion) {
	names := map[string]int{}
	for _, c := range found {
		names[strings.ToLower(c.Name)]++
	}
	for _, c := range found {
		if c.Number() == "" {
			continue
		}
		one := v.offer("contact", "suggest.contact", c.Name, c.ID, c.Number())
		kind, _ := c.Reach()
		if names[strings.ToLower(c.Name)] > 1 || kind == directory.MailAddress { // by the number it is clear who is meant, and how
			one.Value = c.Number()
		}
		list = append(list, one)
	}
	return list
}

// offer makes a suggestion; a name that cannot stand in a list is written as an id.
func (v *visit) offer(kind, key, name string, id message.ID, about string) suggestion {
	named := name
	if strings.ContainsAny(name, ",;\n\r\t") {
		named = id.String()
	}
	return suggestion{Value: kind + ":" + named, Label: name, About: about, Kind: v.words(v.lang(), key)}
}

func unique(list []suggestion, most int) []suggestion {
	var kept []suggestion
	for _, one := range list {
		if len(kept) < most && !slices.ContainsFunc(kept, func(have suggestion) bool { return have.Value == one.Value }) {
			kept = append(kept, one)
		}
	}
	return kept
}

// recent are the phones to which somebody of the account wrote on these pages lately, newest first, by the names of their
// contacts; nothing for who may not see messages.
func (v *visit) recent(most int) (list []suggestion) {
	if !v.user.May(account.SeeMessages) {
		return nil
	}
	sent, _, err := v.Core.Messages(v.r.Context(), gateway.Filter{Account: v.account.Name, Via: message.ViaWeb, Limit: recentLooks})
	if err != nil {
		return nil
	}
	seen := map[string]bool{}
	for _, m := range sent {
		if seen[m.To.Number] || strings.HasPrefix(m.Reference, batchPrefix) || len(list) == most {
			continue
		}
		seen[m.To.Number] = true
		one := suggestion{Value: m.To.String(), Label: m.To.String(), Kind: v.words(v.lang(), "suggest.recent")}
		if most <= foundShown {
			if found := v.found(gateway.PeopleFilter{Mobile: m.To.Number, Limit: 1}); len(found) > 0 {
				one.Label, one.About = found[0].Name, one.Value
			}
		}
		list = append(list, one)
	}
	return list
}
