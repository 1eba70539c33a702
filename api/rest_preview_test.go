package api

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/route"
)

// previewing answers previews by a configuration with one link; set may change
// the account.
func previewing(t *testing.T, set func(*account.Account)) func(body string) *httptest.ResponseRecorder {
	t.Helper()
	a := account.Account{Name: "acme", APIKeys: []message.Secret{"acme-key"}, Sender: "ACME"}
	if set != nil {
		set(&a)
	}
	snap := &gateway.Snapshot{
		Accounts: account.NewDirectory([]account.Account{a}, nil),
		Routes:   route.NewTable([]route.Rule{{To: route.Patterns{"46*"}, Via: route.Via{{Link: "op1"}}}}),
		Links:    map[string]gateway.LinkSettings{"op1": {Name: "op1", Languages: 1 << gsm.Turkish}},
	}
	o := (&fakeGateway{}).options()
	o.Accounts = func() *account.Directory { return snap.Accounts }
	o.Preview = snap.Preview
	h := NewHTTP(o)
	return func(body string) *httptest.ResponseRecorder { return asAcme(h, "POST", "/v1/preview", body) }
}

// TestPreviewDocumented asks what docs/api.md asks, and gets what it shows.
func TestPreviewDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(doc), "\n## POST /v1/preview\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := strings.Split(section, "```json\n")[1:]
	if !found || len(blocks) < 6 || len(blocks)%2 != 0 {
		t.Fatalf("%d examples", len(blocks))
	}
	preview := previewing(t, nil)
	for i := 0; i < len(blocks); i += 2 {
		request, _, _ := strings.Cut(blocks[i], "```")
		answer, _, _ := strings.Cut(blocks[i+1], "```")
		var want, got any
		if err := json.Unmarshal([]byte(answer), &want); err != nil {
			t.Fatalf("%s: %v", answer, err)
		}
		w := preview(request)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
			t.Fatalf("%s: %d %s", request, w.Code, w.Body)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (- documented, + answered)\n%s", request, diff)
		}
	}
}

// TestComplaint11Preview: what the account's rules do to a text is said before
// it is sent.
func TestComplaint11Preview(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 17)
	turkish := "Sayın müşterimiz, şifreniz değişmiştir. Lütfen bilginiz dışındaysa bizi arayınız."
	for _, tt := range []struct {
		name   string
		rules  account.Text
		body   string
		status int
		want   string // within the answer
	}{
		{"parts", account.Text{}, `{"text":"` + long + `"}`, 200, `{"encoding":"gsm7","parts":2,"units":170,"left":136}`},
		{"binary", account.Text{}, `{"data":"0102","udh":"03240101"}`, 200, `{"encoding":"binary","parts":1,"units":2,"left":134}`},
		{"cut", account.Text{Long: "cut"}, `{"text":"` + long + `"}`, 200, `"parts":1,"units":160,"left":0,"text":"` + long[:160] + `","left_out":10}`},
		{"separate", account.Text{Long: "separate"}, `{"text":"` + long + `"}`, 200, `"parts":2,"units":170,"left":0,"messages":["` + long[:160] + `","` + long[160:] + `"]}`},
		{"message over account", account.Text{Long: "cut"}, `{"text":"` + long + `","long":"join"}`, 200, `"parts":2`},
		{"refused", account.Text{Unicode: "refuse"}, `{"text":"a–"}`, 422, `"detail":"character U+2013, number 2 of the text, needs Unicode, which the account does not allow; \"-\" could take its place"`},
		{"not laxer", account.Text{Unicode: "refuse"}, `{"text":"a–","unicode":"allow"}`, 422, `"code":"bad_content"`},
		{"stricter", account.Text{}, `{"text":"a–","unicode":"refuse"}`, 422, `"field":"text"`},
		{"language", account.Text{Languages: []string{"turkish"}}, `{"to":"+46701234567","text":"` + turkish + `"}`, 200, `{"encoding":"gsm7","languages":["turkish"],"parts":1,`},
		{"without a recipient", account.Text{Languages: []string{"turkish"}}, `{"text":"` + turkish + `"}`, 200, `"languages":["turkish"]`},
		{"too many parts", account.Text{}, `{"text":"` + strings.Repeat(long, 10) + `"}`, 422, "at most 10 are allowed"},
		{"no route", account.Text{}, `{"to":"+4512345678","text":"x"}`, 422, `"code":"no_route"`},
		{"no text", account.Text{}, `{"to":"+46701234567"}`, 422, `"field":"text"`},
		{"two recipients", account.Text{}, `{"to":["+46701234567","+46701234568"],"text":"x"}`, 422, `"field":"to"`},
		{"several", account.Text{}, `{"messages":[{"to":"+46701234567","text":"x"}]}`, 422, `"field":"messages"`},
		{"unknown word", account.Text{}, `{"text":"x","long":"split"}`, 422, `"field":"long"`},
		{"unknown policy", account.Text{}, `{"text":"x","unicode":"deny"}`, 422, `"field":"unicode"`},
		{"unknown field", account.Text{}, `{"text":"x","price":1}`, 400, `"field":"price"`},
	} {
		w := previewing(t, func(a *account.Account) { a.Text = tt.rules })(tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %s, want %d with %s", tt.name, w.Code, w.Body, tt.status, tt.want)
		}
	}
}

// TestChangedAnswer: the answer to POST /v1/messages says what was changed.
func TestChangedAnswer(t *testing.T) {
	t.Parallel()
	got := string(appendResult(nil, &gateway.Result{Parts: 1, Encoding: gsm.GSM7, Changed: &gateway.Changed{
		Replaced: []gsm.Replaced{{Rune: '“', By: "\"", Count: 2}, {Rune: '\u200b', Count: 1}}, Cut: 7,
	}}, -1))
	want := `"encoding":"gsm7","replaced":[{"character":"“","by":"\"","count":2},{"character":"` + "\u200b" + `","by":"","count":1}],"left_out":7}`
	if !strings.HasSuffix(got, want) || !json.Valid([]byte(got)) {
		t.Errorf("%s, want ... %s", got, want)
	}
}
