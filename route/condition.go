package route

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kurir/gsm"
	"kurir/message"
)

// failing says which condition of a rule a message does not meet, in the order in which they are looked at.
type failing uint8

const (
	meets failing = iota
	failsTo
	failsFrom
	failsAccount
	failsGroup
	failsInterface
	failsTag
	failsEncoding
	failsParts
	failsWhen
	failsPercent
	failsText
	failsCountry
	failsNetwork
	failsList
)

// conditions are those of a rule that few have, compiled. A rule without them has nil.
type conditions struct {
	group, tag  Patterns
	interfaces  uint32 // a bit for each message.Interface; 0 for all
	encodings   uint32 // a bit for each gsm.Encoding; 0 for all
	least, most int    // parts; most 0 for any number
	text        *regexp.Regexp
	week        *Week // nil for any time
	countries   Patterns
	networks    Patterns
	lists       Patterns
	percent     uint64
	sticky      bool
	salt        uint64
}

// newConditions compiles those of a rule that Validate found nothing wrong with; nil if it has none.
func newConditions(r *Rule, name string) *conditions {
	c := &conditions{
		group: r.Group, tag: r.Tag, countries: r.Country, networks: r.Network, lists: r.List, percent: uint64(max(0, r.Percent)), sticky: r.Sticky == stickyRecipient,
		week: NewWeek(r.When, r.Zone), salt: mixText(hashBasis, name),
	}
	c.least, c.most, _ = parseParts(r.Parts)
	for _, name := range r.Interface {
		if i, ok := message.ParseInterface(name); ok {
			c.interfaces |= 1 << i
		}
	}
	for _, name := range r.Encoding {
		if e, err := gsm.ParseEncoding(name); err == nil {
			c.encodings |= 1 << e
		}
	}
	if r.Text != "" {
		c.text, _ = regexp.Compile(r.Text)
	}
	if len(c.group)+len(c.tag)+len(c.countries)+len(c.networks)+len(c.lists) == 0 && c.interfaces == 0 && c.encodings == 0 && c.most == 0 && c.text == nil && c.week == nil && c.percent == 0 && !r.Via.weighted() {
		return nil
	}
	return c
}

const stickyRecipient = "recipient"

// failing gives the first condition that is not met; the dear ones come last.
func (c *conditions) failing(q *Query) failing {
	switch {
	case len(c.group) > 0 && !c.inGroup(q.Groups):
		return failsGroup
	case c.interfaces != 0 && c.interfaces>>q.Via&1 == 0:
		return failsInterface
	case !c.tag.matches(q.Tag):
		return failsTag
	case c.encodings != 0 && c.encodings>>q.Encoding&1 == 0:
		return failsEncoding
	case c.most != 0 && (q.Parts < c.least || q.Parts > c.most):
		return failsParts
	case c.week != nil && !c.week.Holds(q.At):
		return failsWhen
	case len(c.countries) > 0 && !slices.Contains(c.countries, q.network().Country):
		return failsCountry
	case len(c.networks) > 0 && !q.network().Among(c.networks):
		return failsNetwork
	case len(c.lists) > 0 && !q.onList(c.lists):
		return failsList
	case c.percent != 0 && q.key(c.salt, c.sticky)%100 >= c.percent:
		return failsPercent
	case c.text != nil && (q.Encoding == gsm.Binary || !c.text.MatchString(q.Text)):
		return failsText
	}
	return meets
}

func (c *conditions) inGroup(groups []string) bool {
	for _, g := range groups {
		if c.group.matches(g) {
			return true
		}
	}
	return false
}

// why says in plain words which condition of the rule a message did not meet.
func (r *compiled) why(f failing, q *Query) string {
	w := &r.written
	switch f {
	case failsTo:
		return fmt.Sprintf("recipient %s does not match to: %s", q.To, w.To)
	case failsFrom:
		return fmt.Sprintf("sender %s does not match from: %s", q.From, w.From)
	case failsAccount:
		return fmt.Sprintf("account %s does not match account: %s", q.Account, w.Account)
	case failsGroup:
		if len(q.Groups) == 0 {
			return fmt.Sprintf("account %s is in no group; the rule is for group: %s", q.Account, w.Group)
		}
		return fmt.Sprintf("account %s is in %s and in none of group: %s", q.Account, strings.Join(q.Groups, ", "), w.Group)
	case failsInterface:
		return fmt.Sprintf("the message came by %s, the rule is for interface: %s", q.Via, w.Interface)
	case failsTag:
		if q.Tag == "" {
			return fmt.Sprintf("the message has no tag; the rule is for tag: %s", w.Tag)
		}
		return fmt.Sprintf("tag %s does not match tag: %s", q.Tag, w.Tag)
	case failsEncoding:
		return fmt.Sprintf("the text needs %s, the rule is for encoding: %s", q.Encoding, w.Encoding)
	case failsParts:
		return fmt.Sprintf("the message has parts: %d, the rule is for parts: %s", q.Parts, w.Parts)
	case failsWhen:
		return r.more.week.Why(q.At)
	case failsCountry:
		if q.network().Country == "" {
			return fmt.Sprintf("the country of %s is not known, the rule is for country: %s", q.To, w.Country)
		}
		return fmt.Sprintf("recipient %s is in %s, the rule is for country: %s", q.To, q.network().Country, w.Country)
	case failsNetwork:
		if n := q.network(); n.Code+n.Name != "" {
			return fmt.Sprintf("recipient %s is in the network %s, the rule is for network: %s", q.To, n, w.Network)
		}
		return fmt.Sprintf("the network of %s is not known, the rule is for network: %s", q.To, w.Network)
	case failsList:
		return fmt.Sprintf("recipient %s is not on list: %s", q.To, w.List)
	case failsPercent:
		return fmt.Sprintf("the message is not among the %d percent that the rule is for", w.Percent)
	case failsText:
		switch {
		case q.Encoding == gsm.Binary:
			return "the message is binary, the rule is for texts with " + strconv.Quote(w.Text)
		case q.Text == "":
			return "the text is empty or no longer kept; the rule is for texts with " + strconv.Quote(w.Text)
		}
		return "the text holds nothing that matches text: " + strconv.Quote(w.Text)
	}
	return ""
}

// validateConditions reports what is wrong with the conditions that few rules have.
func (r *Rule) validateConditions(report func(field, problem string)) {
	words := func(field string, given Patterns, known ...string) {
		for i, word := range given {
			if !slices.Contains(known, word) {
				report(Item(field, i, len(given)), fmt.Sprintf("%.40q is not one of %s", word, strings.Join(known, ", ")))
			}
		}
	}
	validateCountries("country", r.Country, report)
	validatePatterns(report, "network", r.Network)
	words("interface", r.Interface, message.InterfaceNames()...)
	words("encoding", r.Encoding, gsm.GSM7.String(), gsm.UCS2.String(), gsm.Binary.String(), gsm.Latin1.String())
	if _, _, err := parseParts(r.Parts); err != nil {
		report("parts", err.Error())
	}
	if problem := message.RegularProblem(r.Text); problem != "" {
		report("text", problem)
	}
	ValidateWeek(report, r.When, r.Zone)
	if r.Percent < 0 || r.Percent > 99 {
		report("percent", "is not within 1 to 99; leave it out for all")
	}
	switch {
	case r.Sticky == "":
	case r.Sticky != stickyRecipient:
		report("sticky", fmt.Sprintf("%.40q is not recipient, the one thing that there is", r.Sticky))
	case r.Percent == 0 && !r.Via.weighted():
		report("sticky", "has no effect without percent or weights in via")
	}
}

// parseParts reads 1, 2-5 or 3-; empty is 0, 0, any.
func parseParts(text string) (least, most int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	from, to, ranged := strings.Cut(text, "-")
	least, err = strconv.Atoi(strings.TrimSpace(from))
	most = least
	if ranged {
		most = 255
		if to = strings.TrimSpace(to); err == nil && to != "" {
			most, err = strconv.Atoi(to)
		}
	}
	if err != nil || least < 1 || most < least || most > 255 {
		return 0, 0, errors.New("is no number of parts, 1 to 255, such as 1, 2-5 or 3-")
	}
	return least, most, nil
}
