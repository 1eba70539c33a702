package gateway

import (
	"context"
	"errors"
	"slices"

	"kurir/account"
	"kurir/message"
	"kurir/store"
)

// A conversation is what people of an account and a phone write to each other.
//
//  1. A message from a phone is marked (Inbound.Talk) if its account has users of the pages, or, when it is nobody's, if anybody has.
//     The commit that keeps it has the conversation's row, which is unread from then on.
//  2. What a user writes to one phone makes that conversation the newest, in the commit that accepts it.
//  3. The lines are not stored again: those from the phone are found by an index of marked messages, those to it by the index over
//     recipients, which has what others of the account sent to it, too.
//  4. Who looks at a conversation says up to which line; what came behind that stays unread, for all users of the account.

// Conversation is one of them, ConversationFilter says which a list holds.
type (
	Conversation       = store.Conversation
	ConversationFilter = store.ConversationFilter
	ConversationSeen   = store.ConversationSeen
)

// talkers gives the accounts whose messages from phones stand in conversations: those of users, those below them, and with any user
// the empty name, which stands for what is nobody's.
func (s *Snapshot) talkers() map[string]bool {
	users := s.Accounts.Users()
	if len(users) == 0 {
		return nil
	}
	talkers := map[string]bool{"": true}
	for _, u := range users {
		talkers[u.Account] = true
	}
	for _, a := range s.Accounts.All() {
		for up, steps := a, 0; up != nil && steps < 100; up, steps = s.Accounts.ByName(up.Parent), steps+1 {
			if talkers[up.Name] {
				talkers[a.Name] = true
				break
			}
			if up.Parent == "" {
				break
			}
		}
	}
	return talkers
}

// talkTo notes that a user has written to a phone. The lock is held.
func (g *Gateway) talkTo(m *message.Message) {
	g.cur.Talks = append(g.cur.Talks, store.Talk{Account: m.Account, Number: m.To.String(), ID: m.ID})
}

// Conversations returns conversations of an account, the newest first.
func (g *Gateway) Conversations(ctx context.Context, f ConversationFilter) ([]Conversation, error) {
	return g.store.Conversations(ctx, f)
}

// UnreadConversations counts those with unread messages, up to most.
func (g *Gateway) UnreadConversations(ctx context.Context, account string, most int) (int, error) {
	return g.store.UnreadConversations(ctx, account, most)
}

// SeeConversation marks a conversation as read or unread, and returns when that is on disk.
func (g *Gateway) SeeConversation(ctx context.Context, seen ConversationSeen) error {
	g.mu.Lock()
	if g.full != nil {
		f := g.refusal()
		g.mu.Unlock()
		return f
	}
	g.cur.Seen = append(g.cur.Seen, seen)
	done := g.onDisk()
	g.mu.Unlock()
	g.signal()
	return settledBy(ctx, done)
}

// ConversationLine is one line of a conversation: a message from the phone, or one to it.
type ConversationLine struct {
	ID      message.ID
	Inbound *message.Inbound
	Message *message.Message
}

// ConversationLines returns lines of a conversation, the newest first, those before an id (0 for the newest), at most n, and before
// which id there may be more; 0 when there are none. number is as a Conversation has it; account is empty for what is nobody's.
func (g *Gateway) ConversationLines(ctx context.Context, account, number string, before message.ID, n int) ([]ConversationLine, message.ID, error) {
	in, err := g.store.TalkInbound(ctx, account, number, before, n+1)
	if err != nil {
		return nil, 0, err
	}
	lines := make([]ConversationLine, 0, 2*n)
	for _, m := range in {
		lines = append(lines, ConversationLine{m.ID, m, nil})
	}
	var next message.ID
	if account != "" {
		var out []*message.Message
		f := Filter{Account: account, To: addressOf(number), After: before, Limit: n + 1}
		if out, next, err = g.store.Messages(ctx, f); err != nil {
			return nil, 0, err
		}
		for _, m := range out {
			lines = append(lines, ConversationLine{m.ID, nil, m})
		}
	}
	slices.SortFunc(lines, func(a, b ConversationLine) int { return int(b.ID - a.ID) })
	if next != 0 { // older ones of the phone may have messages between them that were not looked at
		lines = slices.DeleteFunc(lines, func(l ConversationLine) bool { return l.ID < next })
	}
	if len(lines) > n {
		return lines[:n], lines[n-1].ID, nil
	}
	return lines, next, nil
}

// addressOf reads what Address.String writes of a phone.
func addressOf(number string) message.Address {
	if digits, plus := cutPlus(number); plus {
		return message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: digits}
	}
	return message.Address{Number: number}
}

func cutPlus(number string) (digits string, plus bool) {
	if number != "" && number[0] == '+' {
		return number[1:], true
	}
	return number, false
}

// FoundTexts are the lines in which a text was found.
type FoundTexts struct {
	Lines []ConversationLine // the newest first
	Next  message.ID         // before which is to be looked on; 0 when everything was looked at
}

// SearchTexts looks for words in what an account and phones have written to each other, before an id (0: from the newest). It looks at
// a bounded number of messages a call; texts that are shown to nobody are not found.
func (g *Gateway) SearchTexts(ctx context.Context, account, words string, before message.ID, n int) (FoundTexts, error) {
	var found FoundTexts
	out, in, next, err := g.store.SearchTexts(ctx, account, words, before, n)
	if err != nil {
		return found, err
	}
	found.Next = next
	for _, m := range out {
		if !m.Secret() {
			found.Lines = append(found.Lines, ConversationLine{m.ID, nil, m})
		}
	}
	for _, m := range in {
		found.Lines = append(found.Lines, ConversationLine{m.ID, m, nil})
	}
	slices.SortFunc(found.Lines, func(a, b ConversationLine) int { return int(b.ID - a.ID) })
	return found, nil
}

// ReplyIn makes the beginning of a message by which a person goes on with a conversation: from the number that the phone wrote to
// last, with the digits of its dialog where that was an answer to one; where the phone has not written, from the account's sender. What
// AnswerTo says holds. An error is that of reading.
func (g *Gateway) ReplyIn(ctx context.Context, a *account.Account, number string) (*Submission, *message.Failure, error) {
	list, err := g.store.TalkInbound(ctx, a.Name, number, 0, 1)
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return &Submission{Account: a, ToAddr: addressOf(number), Content: message.Content{Class: -1}, Priority: message.Normal}, nil, nil
	}
	in := list[0]
	sub, f := g.AnswerTo(in)
	if f != nil || in.Answers == 0 {
		return sub, f, nil
	}
	asked, err := g.store.Message(ctx, in.Answers)
	switch {
	case errors.Is(err, ErrNotFound): // nothing is left of what it answers
	case err != nil:
		return nil, nil, err
	case asked.Account == in.Account && asked.Special != nil && asked.Special.From.Number != "" && asked.To.Number == in.From.Number:
		sub.FromAddr = asked.Special.From
	}
	return sub, nil, nil
}
