package web

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kurir/account"
)

// talksPath is where conversations are listed.
const talksPath = "/conversations"

// talkPath is the page of the conversation with a phone.
func talkPath(number string) string { return talksPath + "/" + url.PathEscape(number) }

// talkLine is a line of a conversation.
type talkLine struct {
	ID, At, Ours, Text, State, Via, Case string
	Out, Hidden                          bool
	Error                                *struct{ Detail string }
	Time                                 string `json:"-"`
	Day                                  string `json:"-"` // set where a day begins
}

// talk is a conversation in a list.
type talk struct {
	Number, Name, Contact, Book string
	Unread                      int
	Last                        *talkLine
	Path                        string `json:"-"`
}

// ContactPath is the page of the contact whose the number is.
func (t *talk) ContactPath() string {
	at := "/contacts/" + url.PathEscape(t.Contact)
	if t.Book == "own" {
		at = ownPath + at
	}
	return at
}

// talksView is the list of conversations.
type talksView struct {
	Search, Filter string // Filter: unread, nobody or nothing
	Nobody         bool   // the user may see what is nobody's
	Rows           []talk
	Next           string
	First          bool
}

// conversationsPage lists conversations, the newest first, or what a search finds.
func (v *visit) conversationsPage() {
	asked := v.r.URL.Query()
	shown := &talksView{
		Search: strings.TrimSpace(asked.Get("search")), Filter: asked.Get("show"), Nobody: v.user.May(account.Everywhere), First: !asked.Has("before"),
	}
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("search", shown.Search)
	set("before", asked.Get("before"))
	if shown.Filter == "unread" || shown.Filter == "nobody" {
		query.Set(shown.Filter, "true")
	}
	var page struct {
		Conversations []talk
		Before        string
	}
	if !v.get("/v1/conversations", query, &page) {
		return
	}
	for _, t := range page.Conversations {
		t.Path = talkPath(t.Number)
		if shown.Filter == "nobody" {
			t.Path += "?show=nobody"
		}
		if t.Last != nil {
			t.Last.stamp("")
		}
		shown.Rows = append(shown.Rows, t)
	}
	if page.Before != "" {
		next := url.Values{"before": {page.Before}}
		for name, value := range map[string]string{"search": shown.Search, "show": shown.Filter} {
			if value != "" {
				next.Set(name, value)
			}
		}
		shown.Next = "/conversations?" + next.Encode()
	}
	v.render(http.StatusOK, "conversations", "talks.title", shown)
}

// stamp gives the line its time by the server's clock, with the day where that is another than the one before.
func (l *talkLine) stamp(before string) (day string) {
	at, err := time.Parse(time.RFC3339, l.At)
	if err != nil {
		return before
	}
	day, l.Time = at.Local().Format(time.DateOnly), at.Local().Format("15:04")
	if day != before {
		l.Day = day
	}
	return day
}

// talkView is one conversation.
type talkView struct {
	talk
	Lines   []talkLine // the oldest first
	Before  string
	Older   string // page of older lines; empty for none
	From    string
	Answers bool
	Sends   bool // the user may write
	Text    string
	Nobody  bool
	Problem *problem
	Last    string // id of the last line
	Newest  bool   // the last line is here
	Once    string // tells a form from the next
}

// conversationPage shows the lines of a conversation, which is read by that.
func (v *visit) conversationPage() {
	v.showTalk(http.StatusOK, "", nil)
}

// showTalk shows a conversation; text is what stands in the field.
func (v *visit) showTalk(status int, text string, p *problem) {
	number := v.r.PathValue("number")
	shown := &talkView{Once: rand.Text(), Text: text, Problem: p, Sends: v.user.May(account.SendMessages), Nobody: v.r.URL.Query().Get("show") == "nobody"}
	query := url.Values{}
	if shown.Nobody {
		query.Set("nobody", "true")
	}
	before := v.r.URL.Query().Get("before")
	if before != "" {
		query.Set("before", before)
	}
	shown.Newest = before == ""
	if !v.get("/v1/conversations/"+url.PathEscape(number), query, shown) {
		return
	}
	if shown.Before != "" {
		older := url.Values{"before": {shown.Before}}
		if shown.Nobody {
			older.Set("show", "nobody")
		}
		shown.Older = talkPath(number) + "?" + older.Encode()
	}
	day := ""
	for i, j := 0, len(shown.Lines)-1; i < j; i, j = i+1, j-1 {
		shown.Lines[i], shown.Lines[j] = shown.Lines[j], shown.Lines[i]
	}
	for i := range shown.Lines {
		day = shown.Lines[i].stamp(day)
		shown.Last = shown.Lines[i].ID
	}
	if shown.Unread > 0 && shown.Newest && shown.Sends && v.account.Name == v.user.Account {
		v.see(shown)
	}
	v.render(status, "conversation", "talks.one", shown)
}

// see says that what a page shows is read. Should that fail, it stays unread, which does no harm.
func (v *visit) see(shown *talkView) {
	for i := range shown.Lines {
		l := &shown.Lines[len(shown.Lines)-1-i]
		if l.Out {
			continue
		}
		query := url.Values{}
		if shown.Nobody {
			query.Set("nobody", "true")
		}
		v.rest(http.MethodPost, "/v1/conversations/"+url.PathEscape(shown.Number)+"/seen", query, map[string]string{"until": l.ID}, nil)
		return
	}
}

// answerConversation writes to the phone.
func (v *visit) answerConversation() {
	text := strings.ReplaceAll(v.r.PostForm.Get("text"), "\r\n", "\n")
	if strings.TrimSpace(text) == "" {
		v.redirect(talkPath(v.r.PathValue("number")) + "#end")
		return
	}
	at, first := v.sessions.claim(v.session, v.r.PostForm.Get("once"))
	if v.r.PostForm.Get("once") != "" && !first {
		v.redirect(at)
		return
	}
	back := talkPath(v.r.PathValue("number")) + "#end"
	got := v.rest(http.MethodPost, "/v1/conversations/"+url.PathEscape(v.r.PathValue("number"))+"/messages", nil, map[string]string{"text": text}, nil)
	if p := got.problem(); p != nil {
		v.sessions.settle(v.session, v.r.PostForm.Get("once"), "")
		v.showTalk(p.Status, text, p)
		return
	}
	v.sessions.settle(v.session, v.r.PostForm.Get("once"), back)
	v.redirect(back)
}

// seeConversation marks a conversation as unread.
func (v *visit) seeConversation() {
	query := url.Values{}
	if v.r.PostForm.Get("show") == "nobody" {
		query.Set("nobody", "true")
	}
	got := v.rest(http.MethodPost, "/v1/conversations/"+url.PathEscape(v.r.PathValue("number"))+"/seen", query, map[string]bool{"unread": true}, nil)
	if p := got.problem(); p != nil {
		v.refused(p)
		return
	}
	v.redirect("/conversations")
}

// unreadMost is how many are counted.
const unreadMost = 100

// badge shows a number where there is little room; empty for none.
func badge(n int) string {
	switch {
	case n <= 0:
		return ""
	case n >= unreadMost:
		return strconv.Itoa(unreadMost-1) + "+"
	}
	return strconv.Itoa(n)
}
