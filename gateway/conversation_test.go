package gateway

import (
	"strings"
	"testing"
	"testing/synctest"

	"kurir/account"
	"kurir/message"
)

// Messages from phones to accounts with users begin conversations that hold both sides; those of other accounts do not.
func TestConversations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := inboundSnapshot()
		snap.Accounts.AddUsers([]account.User{{Name: "anna", Account: "acme", Role: "sender"}})
		w := start(t, dir, Options{Snapshot: snap}, nil)
		op := w.fakeLink("op1")
		ctx := t.Context()
		writes := func(to, text string) {
			op.core.Inbound([]*message.Inbound{{
				From: message.Address{TON: 1, Number: "46100000001"}, To: message.Address{TON: 1, Number: to}, Content: message.Content{Text: text, Class: -1},
			}}, func(error) {})
			synctest.Wait()
		}
		writes("4611111", "Ärende one")
		writes("4622222", "of beta, which has no users")
		writes("99999", "of nobody")
		send := func(via message.Interface, text string, secret bool) {
			results, err := w.Submit(ctx, []*Submission{{Account: w.acme, From: "ACME", To: "+46100000001", Content: message.Content{Text: text, Class: -1}, Via: via, Secret: secret}})
			if err != nil || results[0].Failure != nil {
				t.Fatal(err, results)
			}
			synctest.Wait()
		}
		send(message.ViaREST, "a reminder", false)
		send(message.ViaWeb, "an answer", false)
		send(message.ViaWeb, "the ÄRENDE code", true)
		writes("4611111", "two")

		list, err := w.Conversations(ctx, ConversationFilter{Account: "acme", Limit: 10})
		if err != nil || len(list) != 1 || list[0].Number != "+46100000001" || list[0].Unread != 2 {
			t.Fatalf("%+v %v", list, err)
		}
		for account, want := range map[string]int{"acme": 1, "beta": 0, "": 1} {
			if n, err := w.UnreadConversations(ctx, account, 99); n != want || err != nil {
				t.Errorf("%q: %d unread, %v", account, n, err)
			}
		}
		texts := func(lines []ConversationLine) string {
			var list []string
			for _, l := range lines {
				if l.Inbound != nil {
					list = append(list, l.Inbound.Content.Text)
				} else {
					list = append(list, ">"+l.Message.Content.Text)
				}
			}
			return strings.Join(list, "|")
		}
		lines, next, err := w.ConversationLines(ctx, "acme", "+46100000001", 0, 3)
		if err != nil || next == 0 || texts(lines) != "two|>the ÄRENDE code|>an answer" {
			t.Errorf("%s %v %v", texts(lines), next, err)
		}
		if lines, next, err = w.ConversationLines(ctx, "acme", "+46100000001", next, 3); err != nil || next != 0 || texts(lines) != ">a reminder|Ärende one" {
			t.Errorf("%s %v %v", texts(lines), next, err)
		}
		if err := w.SeeConversation(ctx, ConversationSeen{Account: "acme", Number: "+46100000001", Until: list[0].Inbound}); err != nil {
			t.Fatal(err)
		}
		if n, err := w.UnreadConversations(ctx, "acme", 99); n != 0 || err != nil {
			t.Errorf("%d unread, %v", n, err)
		}
		found, err := w.SearchTexts(ctx, "acme", "ärende", 0, 10)
		if err != nil || texts(found.Lines) != "Ärende one" || found.Next != 0 {
			t.Errorf("%s %v %v", texts(found.Lines), found.Next, err)
		}
	})
}
