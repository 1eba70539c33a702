package api

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"kurir/gateway"
	"kurir/message"
)

// Bounds of a search.
const (
	mostNamesSearched = 200 // contacts whose name begins so
	leastDigits       = 3   // of a number that is looked for
)

// search finds conversations by number, name of the contact, case number and words of their texts.
//
//  1. The first page has the conversations whose number begins so, those of contacts whose name does, and that with the case number.
//  2. Every page has lines with the words, newest first; Before says where the next page looks on.
func (c *conversing) search(ctx context.Context, search string, page *conversationsPage) error {
	if c.before == 0 {
		if err := c.byNumber(ctx, search, page); err != nil {
			return err
		}
		if err := c.byName(ctx, search, page); err != nil {
			return err
		}
		if err := c.byCase(ctx, search, page); err != nil {
			return err
		}
	}
	if !c.a.SeesTexts() {
		return nil
	}
	found, err := c.s.People.SearchTexts(ctx, c.account, search, c.before, c.limit)
	if err != nil {
		return err
	}
	page.Before = found.Next
	for i := range found.Lines {
		if err := c.found(ctx, page, &found.Lines[i]); err != nil {
			return err
		}
	}
	return nil
}

// has tells whether a page has a number's conversation.
func (p *conversationsPage) has(number string) bool {
	return slices.ContainsFunc(p.Conversations, func(v conversationView) bool { return v.Number == number })
}

// addNew puts conversations into a page that it does not have.
func (c *conversing) addNew(ctx context.Context, page *conversationsPage, list []gateway.Conversation) error {
	return c.add(ctx, page, slices.DeleteFunc(list, func(v gateway.Conversation) bool { return page.has(v.Number) }))
}

// byNumber finds numbers that begin with the digits, as people write them.
func (c *conversing) byNumber(ctx context.Context, search string, page *conversationsPage) error {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -()/.", r) {
			return -1
		}
		return r
	}, search)
	plain := strings.TrimPrefix(digits, "+")
	if !message.AllDigits(plain) || len(plain) < leastDigits {
		return nil
	}
	begins := []string{digits}
	switch country := c.country(); {
	case plain != digits:
	case strings.HasPrefix(plain, "00"):
		begins = append(begins, "+"+plain[2:])
	case plain[0] == '0' && country != "":
		begins = append(begins, "+"+country+plain[1:])
	default:
		begins = append(begins, "+"+plain)
	}
	for _, begin := range begins {
		list, err := c.s.People.Conversations(ctx, gateway.ConversationFilter{Account: c.account, Begins: begin, Limit: c.limit})
		if err == nil {
			err = c.addNew(ctx, page, list)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *conversing) country() string {
	if c.a.Country != "" {
		return c.a.Country
	}
	return c.s.Country()
}

// byName finds the conversations of contacts whose name begins so.
func (c *conversing) byName(ctx context.Context, search string, page *conversationsPage) error {
	if !strings.ContainsFunc(search, unicode.IsLetter) {
		return nil
	}
	var numbers []string
	for _, book := range c.books() {
		list, err := c.s.People.Contacts(ctx, gateway.PeopleFilter{Account: book, Search: search, ByName: true, Limit: mostNamesSearched})
		if err != nil {
			return err
		}
		for _, contact := range list {
			if number := contact.Number(); number != "" && len(numbers) < mostNamesSearched {
				numbers = append(numbers, number)
			}
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	list, err := c.s.People.Conversations(ctx, gateway.ConversationFilter{Account: c.account, Numbers: numbers, Limit: c.limit})
	if err != nil {
		return err
	}
	return c.addNew(ctx, page, list)
}

// byCase finds the message from a phone with a case number.
func (c *conversing) byCase(ctx context.Context, search string, page *conversationsPage) error {
	if c.account == "" {
		return nil
	}
	list, _, err := c.s.InboundList(ctx, gateway.Filter{Account: c.account, Case: search, Limit: c.limit})
	if err != nil {
		return err
	}
	for _, in := range list {
		if err := c.found(ctx, page, &gateway.ConversationLine{ID: in.ID, Inbound: in}); err != nil {
			return err
		}
	}
	return nil
}

// found puts the conversation of a line into a page, with that line.
func (c *conversing) found(ctx context.Context, page *conversationsPage, l *gateway.ConversationLine) error {
	number := ""
	if l.Inbound != nil {
		number = l.Inbound.From.String()
	} else {
		number = l.Message.To.String()
	}
	if page.has(number) {
		return nil
	}
	have := gateway.Conversation{Number: number}
	list, err := c.s.People.Conversations(ctx, gateway.ConversationFilter{Account: c.account, Numbers: []string{number}, Limit: 1})
	if err != nil {
		return err
	}
	if len(list) > 0 {
		have = list[0]
	}
	v, err := c.show(ctx, &have)
	if err != nil {
		return err
	}
	line := c.line(l)
	v.Last = &line
	page.Conversations = append(page.Conversations, v)
	return nil
}
