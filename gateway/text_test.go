package gateway

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/gsm"
	"kurir/message"
)

const turkish = "Sayın müşterimiz, şifreniz değişmiştir. Lütfen bilginiz dışındaysa bizi arayınız."

// textsOf builds a message of an account with these rules whose route leads to
// op1 and op2.
func textsOf(t *testing.T, text account.Text, via message.Interface, c message.Content, languages map[string]gsm.Languages) (*message.Message, *Changed, *message.Failure) {
	t.Helper()
	snap := testSnapshot()
	for name, l := range languages {
		set := snap.Links[name]
		set.Languages = l
		snap.Links[name] = set
	}
	snap.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Password: "x", Sender: "ACME", Text: text}}, nil)
	var m message.Message
	sub := &Submission{Account: snap.Accounts.ByName("acme"), Via: via, To: "+46200000001", Content: c}
	changed, f := snap.build(&m, sub, time.Now())
	return &m, changed, f
}

// TestComplaint11Unicode: what becomes of texts that need Unicode, by account
// and interface.
func TestComplaint11Unicode(t *testing.T) {
	t.Parallel()
	quoted := "Vi ses “imorgon” – å ä ö é"
	for _, tt := range []struct {
		name   string
		rules  account.Text
		via    message.Interface
		c      message.Content
		enc    gsm.Encoding
		text   string // as it goes out; empty: as it came
		told   int
		refuse string
	}{
		{name: "nothing is said", c: message.Content{Text: quoted}, enc: gsm.UCS2},
		{name: "allow", rules: account.Text{Unicode: "allow"}, c: message.Content{Text: quoted}, enc: gsm.UCS2},
		{name: "simplify", rules: account.Text{Unicode: "simplify"}, c: message.Content{Text: quoted}, enc: gsm.GSM7, text: "Vi ses \"imorgon\" - å ä ö é", told: 3},
		{name: "nothing to simplify", rules: account.Text{Unicode: "simplify"}, c: message.Content{Text: "å"}, enc: gsm.GSM7},
		{name: "cannot be simplified", rules: account.Text{Unicode: "simplify"}, c: message.Content{Text: "“😀”"}, enc: gsm.UCS2},
		{name: "UCS-2 asked for", rules: account.Text{Unicode: "simplify"}, c: message.Content{Text: quoted, Want: gsm.UCS2}, enc: gsm.GSM7, text: "Vi ses \"imorgon\" - å ä ö é", told: 3},
		{name: "UCS-2 asked for without need", rules: account.Text{Unicode: "refuse"}, c: message.Content{Text: "å", Want: gsm.UCS2}, enc: gsm.GSM7},
		{name: "refuse", rules: account.Text{Unicode: "refuse"}, c: message.Content{Text: "å–ö"}, refuse: `character U+2013, number 2 of the text, needs Unicode, which the account does not allow; "-" could take its place`},
		{name: "refuse emoji", rules: account.Text{Unicode: "refuse"}, c: message.Content{Text: "😀"}, refuse: "character U+1F600, number 1 of the text, needs Unicode, which the account does not allow"},
		{name: "other interface", rules: account.Text{Unicode: "refuse", SMPP: account.TextVia{Unicode: "allow"}}, via: message.ViaSMPP, c: message.Content{Text: "–"}, enc: gsm.UCS2},
		{name: "this interface", rules: account.Text{SMPP: account.TextVia{Unicode: "simplify"}}, via: message.ViaSMPP, c: message.Content{Text: "–"}, enc: gsm.GSM7, text: "-", told: 1},
		{name: "octets", rules: account.Text{Unicode: "refuse"}, c: message.Content{Data: []byte{1}, Want: gsm.Binary}, enc: gsm.Binary},
		{
			name: "a part that the customer cut", rules: account.Text{Unicode: "simplify"},
			c: message.Content{Text: "–", Header: []byte{5, 0, 3, 1, 2, 1}}, enc: gsm.UCS2,
		},
	} {
		if tt.via == message.ViaUnknown {
			tt.via = message.ViaREST
		}
		tt.c.Class = gsm.NoClass
		m, changed, f := textsOf(t, tt.rules, tt.via, tt.c, nil)
		if f != nil || tt.refuse != "" {
			if f == nil || f.Error() != tt.refuse || f.Field != "text" || f.Kind != message.BadContent {
				t.Errorf("%s: %v, want %s", tt.name, f, tt.refuse)
			}
			continue
		}
		want, told := tt.c.Text, 0
		if tt.text != "" {
			want = tt.text
		}
		if changed != nil {
			told = len(changed.Replaced)
		}
		if m.Encoding != tt.enc || m.Content.Text != want || told != tt.told {
			t.Errorf("%s: %v %q, %d replacements, want %v %q, %d", tt.name, m.Encoding, m.Content.Text, told, tt.enc, want, tt.told)
		}
	}
}

// TestComplaint11Languages: national tables are used where the account and all
// links of the route allow them and they save a message.
func TestComplaint11Languages(t *testing.T) {
	t.Parallel()
	both := map[string]gsm.Languages{"op1": 1 << gsm.Turkish, "op2": 1<<gsm.Turkish | 1<<gsm.Hindi}
	one := map[string]gsm.Languages{"op1": 1 << gsm.Turkish}
	allowed := account.Text{Languages: []string{"turkish"}}
	for _, tt := range []struct {
		name   string
		rules  account.Text
		links  map[string]gsm.Languages
		want   gsm.Encoding
		enc    gsm.Encoding
		parts  uint8
		header string
	}{
		{"by all", allowed, both, gsm.Auto, gsm.GSM7, 1, "\x03\x24\x01\x01"},
		{"not by the second link", allowed, one, gsm.Auto, gsm.UCS2, 2, ""},
		{"not by the account", account.Text{Unicode: "allow"}, both, gsm.Auto, gsm.UCS2, 2, ""},
		{"before it is refused", account.Text{Languages: []string{"all"}, Unicode: "refuse"}, both, gsm.Auto, gsm.GSM7, 1, "\x03\x24\x01\x01"},
		{"before it is simplified", account.Text{Languages: []string{"all"}, Unicode: "simplify"}, both, gsm.UCS2, gsm.GSM7, 1, "\x03\x24\x01\x01"},
		{"UCS-2 asked for", allowed, both, gsm.UCS2, gsm.UCS2, 2, ""},
	} {
		m, changed, f := textsOf(t, tt.rules, message.ViaREST, message.Content{Text: turkish, Want: tt.want, Class: gsm.NoClass}, tt.links)
		if f != nil || changed != nil || m.Encoding != tt.enc || m.Parts != tt.parts || string(m.Content.Header) != tt.header || m.Content.Text != turkish {
			t.Errorf("%s: %v, %d parts, header %x, %+v, %v", tt.name, m.Encoding, m.Parts, m.Content.Header, changed, f)
		}
	}
}

// TestLongTexts: texts longer than one message are joined, cut or refused.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 17)
	for _, tt := range []struct {
		name, long, text string
		header           []byte
		want             string
		cut              int
		refuse           string
	}{
		{name: "join", long: "join", text: long, want: long},
		{name: "cut", long: "cut", text: long, want: long[:160], cut: 10},
		{name: "cut before a pair", long: "cut", text: long[:159] + "€€", want: long[:159], cut: 2},
		{name: "cut before a letter with its mark", long: "cut", text: strings.Repeat("ж", 69) + "и\u0306х", want: strings.Repeat("ж", 69), cut: 3},
		{name: "cut beside a header", long: "cut", text: long, header: []byte{6, 5, 4, 1, 2, 3, 4}, want: long[:152], cut: 18},
		{name: "short", long: "cut", text: "hi", want: "hi"},
		{name: "refuse", long: "refuse", text: long, refuse: "the text needs 2 parts; only texts of one message are allowed"},
		{name: "short enough", long: "refuse", text: long[:160], want: long[:160]},
	} {
		m, changed, f := textsOf(t, account.Text{Long: tt.long}, message.ViaREST, message.Content{Text: tt.text, Header: tt.header, Class: gsm.NoClass}, nil)
		if f != nil || tt.refuse != "" {
			if f == nil || f.Error() != tt.refuse {
				t.Errorf("%s: %v, want %s", tt.name, f, tt.refuse)
			}
			continue
		}
		cut := 0
		if changed != nil {
			cut = changed.Cut
		}
		if m.Content.Text != tt.want || cut != tt.cut || m.Parts != 1 && tt.long == "cut" {
			t.Errorf("%s: %q, %d left out, %d parts", tt.name, m.Content.Text, cut, m.Parts)
		}
	}
}

// TestChangedIsTold: what was changed stands in the result, in the trace and on
// disk, and no event repeats the text.
func TestChangedIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Password: "x", Sender: "ACME", Text: account.Text{Unicode: "simplify", Long: "cut"}}}, nil)
		w := start(t, dir, Options{Snapshot: snap}, nil)
		results, err := w.Submit(context.Background(), []*Submission{w.untold("46200000001", "“hemligt” "+strings.Repeat("ord ", 40)), w.untold("46700000001", "å")})
		if err != nil {
			t.Fatal(err)
		}
		c := results[0].Changed
		if c == nil || len(c.Replaced) != 2 || c.Cut != 10 || results[0].Parts != 1 || results[1].Changed != nil {
			t.Fatalf("%+v", results)
		}
		synctest.Wait()
		m := w.onDisk(results[0].ID)
		if !strings.HasPrefix(m.Content.Text, "\"hemligt\" ord") || len(m.Content.Text) != 160 || m.Encoding != gsm.GSM7 {
			t.Errorf("on disk: %q", m.Content.Text)
		}
		trace, err := w.Trace(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		all := ""
		for _, e := range trace.Events {
			all += e.What + ": " + e.Text + "\n"
		}
		for _, want := range []string{
			`simplified: 2 characters of the text got their plain form: U+201C to "\"", U+201D to "\""` + "\n",
			"cut: 10 characters at the end of the text were left out: it was to be one message\n",
		} {
			if !strings.Contains(all, want) || strings.Contains(all, "hemligt") {
				t.Errorf("the trace lacks %q:\n%s", want, all)
			}
		}
	})
}

// TestSeparate: a long text goes as messages of its own, which are one request
// and are accepted together or not at all.
func TestSeparate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Accounts = account.NewDirectory([]account.Account{
			{Name: "acme", Password: "x", Sender: "ACME", MaxParts: 3, Rate: 3, Text: account.Text{Unicode: "simplify", Long: "separate", Numbered: true}},
		}, nil)
		w := start(t, dir, Options{Snapshot: snap}, nil)
		long := "“hej” " + strings.Repeat("ord ", 75)
		results, err := w.Submit(context.Background(), []*Submission{
			w.untold("46200000001", "short"), w.untold("46200000001", long), w.untold("46200000001", strings.Repeat("ord ", 200)),
		})
		if err != nil {
			t.Fatal(err)
		}
		if r := results[0]; r.Failure != nil || r.Parts != 1 || r.More != nil {
			t.Errorf("short: %+v", r)
		}
		r := results[1]
		if r.Failure != nil || r.Parts != 2 || len(r.More) != 1 || r.Changed == nil || len(r.Changed.Replaced) != 2 {
			t.Fatalf("long: %+v", r)
		}
		if f := results[2].Failure; f == nil || f.Error() != "the text needs 6 parts; at most 3 are allowed" {
			t.Errorf("too long: %v", f)
		}
		synctest.Wait()
		first, second := w.onDisk(r.ID), w.onDisk(r.More[0])
		if !strings.HasPrefix(first.Content.Text, "1/2 \"hej\" ord") || !strings.HasPrefix(second.Content.Text, "2/2 ord ord") || first.Parts != 1 || second.Parts != 1 {
			t.Errorf("%q and %q", first.Content.Text, second.Content.Text)
		}
		if message.KnownAs(second) != first.ID || message.Following(first) != 1 {
			t.Errorf("the second is known as %v, the first is followed by %d", message.KnownAs(second), message.Following(first))
		}
		again, err := w.Submit(context.Background(), []*Submission{w.untold("46200000001", long)})
		if err != nil || again[0].Failure == nil || again[0].Failure.Kind != message.Overloaded || again[0].More != nil {
			t.Errorf("beyond the rate: %+v, %v", again, err)
		}
	})
}
