package api

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/route"
)

// Rows of one answer about conversations.
const (
	conversationsAtOnce = 25
	mostConversations   = 100
	unreadCounted       = 100 // more are not counted
)

// lineView is a line of a conversation.
type lineView struct {
	ID     message.ID     `json:"id"`
	Out    bool           `json:"out" doc:"to the phone; else from it"`
	At     string         `json:"at"`
	Ours   string         `json:"ours,omitempty" doc:"our number or sender"`
	Text   string         `json:"text,omitempty"`
	Hidden bool           `json:"hidden,omitempty" doc:"the text is not shown: it is secret, or whoever asks may not see texts"`
	State  *message.State `json:"state,omitempty" doc:"of a line to the phone"`
	Error  *failureView   `json:"error,omitempty"`
	Via    string         `json:"via,omitempty" doc:"the interface that a line to the phone came by"`
	Case   string         `json:"case,omitempty" doc:"case number of a line from the phone"`
	Parts  uint8          `json:"parts"`
}

// conversationView is a conversation in a list.
type conversationView struct {
	Number  string     `json:"number"`
	Name    string     `json:"name,omitempty" doc:"of the contact with the number"`
	Contact message.ID `json:"contact,omitzero" doc:"its id"`
	Book    string     `json:"book,omitempty" doc:"own, if the contact is one of the user's own book"`
	Unread  int64      `json:"unread" doc:"messages from the phone that nobody has seen"`
	Last    *lineView  `json:"last,omitempty" doc:"the last line, or of a search the one that was found"`
}

// conversationsPage is the answer to GET /v1/conversations.
type conversationsPage struct {
	Conversations []conversationView `json:"conversations" doc:"of an account with users"`
	Before        message.ID         `json:"before,omitzero" doc:"for the parameter before, where there may be more"`
	Unread        int                `json:"unread" doc:"conversations with unread messages, 100 for that or more"`
}

// conversationPage is the answer to GET /v1/conversations/{number}.
type conversationPage struct {
	conversationView
	Lines   []lineView `json:"lines" doc:"the newest first"`
	Before  message.ID `json:"before,omitzero" doc:"for the parameter before, where there may be more"`
	Answers bool       `json:"answers" doc:"it can be answered"`
	From    string     `json:"from,omitempty" doc:"the number or sender that an answer is from"`
}

// conversing is a request about conversations.
type conversing struct {
	s       *httpServer
	a       *account.Account
	account string // whose; empty for nobody's
	before  message.ID
	limit   int
	params  url.Values
}

// conversing reads what requests about conversations have in common.
func (s *httpServer) conversing(r *http.Request, a *account.Account, more ...string) (*conversing, *problem) {
	params, p := parseQuery(r)
	if p != nil {
		return nil, p
	}
	known := append([]string{"nobody", "before", "limit"}, more...)
	for name := range params {
		if !slices.Contains(known, name) {
			return nil, faulty(http.StatusBadRequest, codeUnknownQuery, clip(name), "there is no parameter %q here; there are %s", clip(name), strings.Join(known, ", "))
		}
	}
	r.URL.RawQuery = ""
	c := &conversing{s: s, a: a, account: a.Name, limit: conversationsAtOnce, params: params}
	nobody, p := whether(params, "nobody")
	if p != nil {
		return nil, p
	}
	if nobody {
		if p := needAdmin(a); p != nil {
			return nil, p
		}
		c.account = ""
	}
	if text := params.Get("before"); text != "" {
		var err error
		if c.before, err = message.ParseID(text); err != nil {
			return nil, faulty(http.StatusBadRequest, codeBadValue, "before", "before is not what an answer of this list said")
		}
	}
	if text := params.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostConversations {
			return nil, faulty(http.StatusBadRequest, codeBadValue, "limit", "limit is a number from 1 to %d", mostConversations)
		}
		c.limit = n
	}
	return c, nil
}

// listConversations is GET /v1/conversations: the newest first, or those that a search finds.
func (s *httpServer) listConversations(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	c, p := s.conversing(r, a, "unread", "search")
	if p != nil {
		return p
	}
	unread, p := whether(c.params, "unread")
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	page := conversationsPage{Conversations: []conversationView{}}
	var err error
	if search := strings.TrimSpace(c.params.Get("search")); search != "" {
		err = c.search(ctx, search, &page)
	} else {
		err = c.list(ctx, unread, &page)
	}
	if err == nil {
		page.Unread, err = s.People.UnreadConversations(ctx, c.account, unreadCounted)
	}
	if err != nil {
		return readProblem(err, "conversation")
	}
	return answerJSON(w, page)
}

// list is a page of conversations, each with its last line.
func (c *conversing) list(ctx context.Context, unread bool, page *conversationsPage) error {
	f := gateway.ConversationFilter{Account: c.account, Unread: unread, Before: c.before, Limit: c.limit + 1}
	found, err := c.s.People.Conversations(ctx, f)
	if err != nil {
		return err
	}
	if len(found) > c.limit {
		found = found[:c.limit]
		page.Before = found[c.limit-1].Last
	}
	return c.add(ctx, page, found)
}

// add puts conversations into a page, each with its last line.
func (c *conversing) add(ctx context.Context, page *conversationsPage, found []gateway.Conversation) error {
	for i := range found {
		lines, _, err := c.s.People.ConversationLines(ctx, c.account, found[i].Number, 0, 1)
		if err != nil {
			return err
		}
		v, err := c.show(ctx, &found[i])
		if err != nil {
			return err
		}
		if len(lines) > 0 {
			line := c.line(&lines[0])
			v.Last = &line
		}
		page.Conversations = append(page.Conversations, v)
	}
	return nil
}

// show names whose a conversation's number is: in the user's own book, or that of the account.
func (c *conversing) show(ctx context.Context, conv *gateway.Conversation) (conversationView, error) {
	v := conversationView{Number: conv.Number, Unread: conv.Unread}
	for _, book := range c.books() {
		list, err := c.s.People.Contacts(ctx, gateway.PeopleFilter{Account: book, Mobile: strings.TrimPrefix(conv.Number, "+"), Limit: 1})
		if err != nil {
			return v, err
		}
		if len(list) > 0 {
			v.Name, v.Contact = list[0].Name, list[0].ID
			if book != c.a.Name {
				v.Book = bookOwn
			}
			return v, nil
		}
	}
	return v, nil
}

// books are those in which contacts are looked up.
func (c *conversing) books() []string {
	if c.a.User() == "" {
		return []string{c.a.Name}
	}
	return []string{gateway.Book(c.a.Name, c.a.User()), c.a.Name}
}

// line shows a line to who asks.
func (c *conversing) line(l *gateway.ConversationLine) lineView {
	if in := l.Inbound; in != nil {
		v := lineView{ID: l.ID, At: showTime(in.Received), Ours: in.To.String(), Text: in.Content.Text, Case: in.Case, Parts: in.Parts}
		v.hide(!c.a.SeesTexts())
		return v
	}
	m := l.Message
	v := lineView{
		ID: l.ID, Out: true, At: showTime(m.ID.Millis()), Ours: m.From.String(), Text: m.Content.Text, State: &m.State, Via: m.Via.String(),
		Parts: m.Parts,
	}
	if m.State != message.Delivered && m.State != message.Sent {
		d := digest(m)
		v.Error = d.error(m.State)
	}
	v.hide(m.Secret() || !c.a.SeesTexts())
	return v
}

// hide leaves out the text.
func (v *lineView) hide(hidden bool) {
	if hidden {
		v.Text, v.Hidden = "", true
	}
}

// number is the phone of the path, as conversations have it.
func (c *conversing) number(r *http.Request) (string, *problem) {
	text := r.PathValue("number")
	to, err := route.Normalise(text, cmp.Or(c.a.Country, c.s.Country()))
	if err != nil { // a name is a sender, too
		to = message.Address{Number: text}
	}
	if text == "" || len(text) > maxNamed {
		return "", faulty(http.StatusNotFound, codeNotFound, "number", "there is no number %q", clip(text))
	}
	return to.String(), nil
}

// getConversation is GET /v1/conversations/{number}: its lines, the newest first.
func (s *httpServer) getConversation(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	c, p := s.conversing(r, a)
	if p != nil {
		return p
	}
	number, p := c.number(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	page, err := c.page(ctx, number)
	if err != nil {
		return readProblem(err, "conversation")
	}
	return answerJSON(w, page)
}

// page is a conversation with some of its lines.
func (c *conversing) page(ctx context.Context, number string) (*conversationPage, error) {
	have := gateway.Conversation{Account: c.account, Number: number}
	list, err := c.s.People.Conversations(ctx, gateway.ConversationFilter{Account: c.account, Numbers: []string{number}, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		have = list[0]
	}
	page := &conversationPage{Lines: []lineView{}}
	if page.conversationView, err = c.show(ctx, &have); err != nil {
		return nil, err
	}
	lines, before, err := c.s.People.ConversationLines(ctx, c.account, number, c.before, c.limit)
	if err != nil {
		return nil, err
	}
	page.Before = before
	for i := range lines {
		page.Lines = append(page.Lines, c.line(&lines[i]))
	}
	if c.account == "" {
		return page, nil
	}
	sub, failure, err := c.s.People.ReplyIn(ctx, c.a, number)
	if err == nil && failure == nil {
		page.Answers, page.From = true, cmp.Or(sub.FromAddr.String(), c.a.Sender)
	}
	return page, err
}

// answerBody is the body of POST /v1/conversations/{number}/messages.
type answerBody struct {
	Text  string `json:"text" required:"true"`
	Flash bool   `json:"flash"`
}

// answeredView is the answer to it.
type answeredView struct {
	ID    message.ID    `json:"id"`
	From  string        `json:"from"`
	State message.State `json:"state"`
	Parts int           `json:"parts"`
}

// answerConversation is POST /v1/conversations/{number}/messages: from the number that the phone wrote to.
func (s *httpServer) answerConversation(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	c, p := s.conversing(r, a)
	if p != nil {
		return p
	}
	if c.account == "" {
		return faulty(http.StatusConflict, codeNeeded, "nobody", "what is nobody's cannot be answered: no account pays for it; an inbound rule gives such messages to one")
	}
	number, p := c.number(r)
	if p != nil {
		return p
	}
	var body answerBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	if body.Text == "" {
		return faulty(http.StatusUnprocessableEntity, codeRequired, "text", "text is missing")
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	sub, failure, err := s.People.ReplyIn(ctx, a, number)
	if err != nil {
		return readProblem(err, "conversation")
	}
	if failure != nil {
		return failed(failure)
	}
	sub.Content = message.Content{Text: body.Text, Class: gsm.NoClass, Extra: a.Extra(nil)}
	if body.Flash {
		sub.Content.Class = 0
	}
	sub.Via, sub.Receipts = message.ViaREST, message.ReceiptFinal
	if a.User() != "" {
		sub.Via = message.ViaWeb
	}
	results, err := s.People.Submit(ctx, []*gateway.Submission{sub})
	if err != nil {
		return readProblem(err, "conversation")
	}
	if f := results[0].Failure; f != nil {
		return failed(f)
	}
	done := results[0]
	v := answeredView{done.ID, cmp.Or(sub.FromAddr.String(), a.Sender), done.State, done.Parts}
	doc, err := marshal(&v)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the answer could not be written"}
	}
	writeJSON(w, http.StatusAccepted, doc)
	return nil
}

// seenBody is the body of POST /v1/conversations/{number}/seen.
type seenBody struct {
	Until  message.ID `json:"until" doc:"the last line that was seen; what came behind it stays unread"`
	Unread bool       `json:"unread" doc:"mark it as unread in place of that"`
}

// seeConversation is POST /v1/conversations/{number}/seen: for all users of the account.
func (s *httpServer) seeConversation(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	c, p := s.conversing(r, a)
	if p != nil {
		return p
	}
	number, p := c.number(r)
	if p != nil {
		return p
	}
	var body seenBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	if body.Until == 0 && !body.Unread {
		return faulty(http.StatusUnprocessableEntity, codeRequired, "until", "until is missing: the id of the last line that was seen")
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	err := s.People.SeeConversation(ctx, gateway.ConversationSeen{Account: c.account, Number: number, Until: body.Until, Unread: body.Unread})
	if err != nil {
		return peopleProblem(err, "conversation", number)
	}
	return answerJSON(w, body)
}
