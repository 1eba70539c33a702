package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"kurir/account"
	"kurir/gsm"
	"kurir/message"
)

// MailboxOptions are what programs fetch inbound messages by; methods of
// *gateway.Gateway.
type MailboxOptions struct {
	Fetch  func(ctx context.Context, account string, n int) ([]*message.Inbound, error)
	Delete func(ctx context.Context, account string, ids []message.ID) ([]message.ID, error)
}

// mailboxMost is how many requests for one mailbox are at work or wait, so that
// one account's do not take the places of all.
const mailboxMost = 16

// errMailboxBusy is that others used a mailbox for as long as a request may take,
// or that too many wait for it.
var errMailboxBusy = errors.New("other requests for the mailbox are under way")

// mailboxTurns has the requests for one account's mailbox follow each other: what
// one has been answered and deletes, the next does not see.
type mailboxTurns struct {
	mu sync.Mutex
	at map[string]*mailboxTurn
}

type mailboxTurn struct {
	free  chan struct{} // has one while nobody is at it
	users int           // at it, or waiting
}

// enter waits for its turn at an account's mailbox; leave ends it.
func (t *mailboxTurns) enter(ctx context.Context, name string) (leave func(), err error) {
	t.mu.Lock()
	turn := t.at[name]
	if turn == nil {
		if t.at == nil {
			t.at = map[string]*mailboxTurn{}
		}
		turn = &mailboxTurn{free: make(chan struct{}, 1)}
		turn.free <- struct{}{}
		t.at[name] = turn
	}
	if turn.users >= mailboxMost {
		t.mu.Unlock()
		return nil, errMailboxBusy
	}
	turn.users++
	t.mu.Unlock()
	gone := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if turn.users--; turn.users == 0 {
			delete(t.at, name)
		}
	}
	select {
	case <-turn.free:
		return func() { turn.free <- struct{}{}; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, errMailboxBusy
	}
}

// ozekiUnavailable is the answer while a mailbox cannot be used.
func ozekiUnavailable(err error) *ozekiError {
	if errors.Is(err, errMailboxBusy) {
		return ozekiRefuse(http.StatusServiceUnavailable, "Other requests for this mailbox are under way, try again later")
	}
	return ozekiRefuse(http.StatusServiceUnavailable, "The mailbox cannot be used for now, try again later")
}

// inbox reads folder; it is the only one that there is.
func (f ozekiRequest) inbox() *ozekiError {
	if folder := strings.TrimSpace(f.get("folder")); folder != "" && !strings.EqualFold(folder, "inbox") {
		return ozekiRefuse(http.StatusBadRequest, "Folder is not supported: "+clip(folder)+"; inbox is")
	}
	return nil
}

// page reads folder, limit and afterdownload of receivemessage.
func (f ozekiRequest) page() (limit int, remove bool, bad *ozekiError) {
	if bad = f.inbox(); bad != nil {
		return 0, false, bad
	}
	if limit, bad = f.count("limit", maxMessages); bad != nil {
		return 0, false, bad
	}
	switch after := strings.ToLower(strings.TrimSpace(f.get("afterdownload"))); after {
	case "delete":
		return limit, true, nil
	case "", "leave":
		return limit, false, nil
	default:
		return 0, false, ozekiRefuse(http.StatusBadRequest, "afterdownload is not supported: "+clip(after)+"; delete is, and leave, which is as if it were absent")
	}
}

// ozekiReceive is action=receivemessage. With afterdownload=delete what was
// fetched is deleted once the answer has gone out whole, so that a server that
// dies meanwhile has it still.
func (s *httpServer) ozekiReceive(w http.ResponseWriter, r *http.Request, f ozekiRequest, a *account.Account) {
	limit, remove, bad := f.page()
	if bad != nil {
		_ = f.write(w, bad)
		return
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	leave, err := s.mailboxes.enter(ctx, a.Name)
	if err != nil {
		_ = f.write(w, ozekiUnavailable(err))
		return
	}
	defer leave()
	list, err := s.Mailbox.Fetch(ctx, a.Name, limit)
	if err != nil {
		_ = f.write(w, ozekiUnavailable(err))
		return
	}
	rows := make([]ozekiRow, len(list))
	ids := make([]message.ID, len(list))
	for i, in := range list {
		rows[i], ids[i] = ozekiMessage(in), in.ID
	}
	gone := r.Context().Err() != nil // perhaps: from one that has closed his side nothing is taken that he may not read
	if f.write(w, nil, rows...) != nil || gone || !remove || len(ids) == 0 || http.NewResponseController(w).Flush() != nil {
		return
	}
	ctx, cancel = lasting(r.Context(), s.Timeout) // a client with his answer may go
	defer cancel()
	_, _ = s.Mailbox.Delete(ctx, a.Name, ids) // what stays comes again
}

// ozekiMessage is an inbound message in an answer.
func ozekiMessage(in *message.Inbound) ozekiRow {
	kind, data := "SMS:TEXT", in.Content.Text
	if in.Encoding == gsm.Binary {
		kind, data = ozekiBinary, ozekiOctets(&in.Content)
	}
	at := time.UnixMilli(in.Received).Format(time.DateTime)
	return ozekiRow{"message", []ozekiField{
		{"messageid", in.ID.String()},
		{"originator", in.From.String()},
		{"recipient", in.To.String()},
		{"messagetype", kind},
		{"messagedata", data},
		{"senttime", at},
		{"receivedtime", at},
	}}
}

// ozekiDelete is action=deletemessage: a report for each id.
func (s *httpServer) ozekiDelete(r *http.Request, f ozekiRequest, a *account.Account) ([]ozekiRow, *ozekiError) {
	if bad := f.inbox(); bad != nil {
		return nil, bad
	}
	var names []string
	for name := range strings.SplitSeq(f.get("messageid"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	switch {
	case len(names) == 0:
		return nil, ozekiRefuse(http.StatusBadRequest, "The parameter messageid is missing")
	case len(names) > maxMessages:
		return nil, ozekiRefuse(http.StatusBadRequest, "There are too many messages; "+itoa(maxMessages)+" are possible")
	}
	ids := make([]message.ID, len(names))
	for i, name := range names {
		ids[i], _ = message.ParseID(name) // 0 is nobody's
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	leave, err := s.mailboxes.enter(ctx, a.Name)
	if err != nil {
		return nil, ozekiUnavailable(err)
	}
	defer leave()
	deleted, err := s.Mailbox.Delete(ctx, a.Name, slices.DeleteFunc(slices.Clone(ids), func(id message.ID) bool { return id == 0 }))
	if err != nil {
		return nil, ozekiUnavailable(err)
	}
	rows := make([]ozekiRow, len(ids))
	for i, id := range ids {
		code, text := "0", "Message deleted"
		if !slices.Contains(deleted, id) {
			code, text = itoa(http.StatusNotFound), "There is no such message in the folder"
		}
		rows[i] = ozekiRow{"deletereport", []ozekiField{{"statuscode", code}, {"statusmessage", text}, {"messageid", names[i]}}}
	}
	return rows, nil
}
