package store_test

import (
	"context"
	"testing"
	"time"

	"kurir/message"
	"kurir/store"
)

func talkOf(id message.ID, account, from, text string) *message.Inbound {
	return &message.Inbound{
		ID: id, Account: account, Link: "op1", From: message.Address{TON: message.TONInternational, Number: from}, To: message.Address{Number: "72000"},
		Content: message.Content{Text: text, Class: -1}, Talk: true,
	}
}

// Conversations are listed with the newest first, count what is unread, and find their lines.
func testConversations(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	apart := talkOf(7, "acme", "46700000001", "of no conversation")
	apart.Talk = false
	commit(t, s, &store.Batch{Inbound: []*message.Inbound{
		talkOf(1, "acme", "46700000001", "a"), talkOf(2, "acme", "46700000002", "b"), talkOf(3, "acme", "46700000001", "c"),
		talkOf(4, "other", "46700000001", "d"), talkOf(5, "", "46700000001", "e"), apart,
	}, Talks: []store.Talk{{"acme", "+46700000003", 6}}})
	list := func(f store.ConversationFilter) []store.Conversation {
		t.Helper()
		f.Limit = max(f.Limit, 1)
		if f.Limit == 1 {
			f.Limit = 10
		}
		got, err := s.Conversations(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first, second, third := store.Conversation{"acme", "+46700000001", 3, 3, 2}, store.Conversation{"acme", "+46700000002", 2, 2, 1}, store.Conversation{"acme", "+46700000003", 6, 0, 0}
	diff(t, "all", []store.Conversation{third, first, second}, list(store.ConversationFilter{Account: "acme"}))
	diff(t, "behind the first", []store.Conversation{first, second}, list(store.ConversationFilter{Account: "acme", Before: 6}))
	diff(t, "unread", []store.Conversation{first, second}, list(store.ConversationFilter{Account: "acme", Unread: true}))
	diff(t, "by number", []store.Conversation{second}, list(store.ConversationFilter{Account: "acme", Begins: "+46700000002"}))
	diff(t, "of numbers", []store.Conversation{third, second}, list(store.ConversationFilter{Account: "acme", Numbers: []string{"+46700000002", "+46700000003"}}))
	diff(t, "nobody's", []store.Conversation{{"", "+46700000001", 5, 5, 1}}, list(store.ConversationFilter{}))
	got, err := s.TalkInbound(ctx, "acme", "+46700000001", 0, 10)
	if err != nil || len(got) != 2 || got[0].ID != 3 || got[1].Content.Text != "a" {
		t.Errorf("lines %v %v", got, err)
	}

	commit(t, s, &store.Batch{Seen: []store.ConversationSeen{{Account: "acme", Number: "+46700000001", Until: 2}, {Account: "acme", Number: "+46700000002", Until: 2}}})
	if n, err := s.UnreadConversations(ctx, "acme", 99); n != 1 || err != nil {
		t.Errorf("%d unread, %v; want that of which a line came since", n, err)
	}
	commit(t, s, &store.Batch{Seen: []store.ConversationSeen{{Account: "acme", Number: "+46700000001", Until: 3}, {Account: "acme", Number: "+46700000002", Unread: true}, {Account: "acme", Number: "+46700000003", Unread: true}}})
	second.Unread = 1
	diff(t, "marked", []store.Conversation{second}, list(store.ConversationFilter{Account: "acme", Unread: true}))
}

func testConversationRetention(t *testing.T, open opener) {
	s := open(t, t.TempDir(), store.Retention{Messages: time.Hour, Inbound: time.Hour})
	ids := message.NewIDs(0, 0)
	old, fresh := ids.Next(time.Now().Add(-2*time.Hour)), message.FirstIDAt(time.Now())
	commit(t, s, &store.Batch{Inbound: []*message.Inbound{talkOf(old, "acme", "46700000001", "a"), talkOf(fresh, "acme", "46700000002", "b")}})
	tidy(t, s)
	got, err := s.Conversations(context.Background(), store.ConversationFilter{Account: "acme", Limit: 10})
	if err != nil || len(got) != 1 || got[0].Last != fresh {
		t.Errorf("left: %v %v", got, err)
	}
}
