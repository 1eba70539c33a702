package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kurir/simulator"
)

// Messages go to contacts and groups, each phone once, with the text of each recipient; what cannot be written to is told.
func TestPeopleSend(t *testing.T) {
	t.Parallel()
	_, c, sim := runPeople(t)
	c.steps(t, []step{
		{"key", "POST", "/v1/contacts", `{"name":"Anna","mobile":"+46701000001","language":"sv","fields":{"city":"Lund"}}`, 201, ``},
		{"key", "POST", "/v1/contacts", `{"name":"Bo","pager":"+46701000002","language":"pt-PT"}`, 201, ``},
		{"key", "POST", "/v1/contacts", `{"name":"Mute","mail":"mute@example.se"}`, 201, ``},
		{"key", "POST", "/v1/contacts", `{"name":"Ola","mobile":"+46701000009","mail":"o@example.se","usual":"mail"}`, 201, ``},
		{"key", "POST", "/v1/groups", `{"name":"ward"}`, 201, ``},
		{"key", "POST", "/v1/groups", `{"name":"empty"}`, 201, ``},
		{"key", "POST", "/v1/groups", `{"name":"all"}`, 201, ``},
		{"key", "POST", "/v1/groups/ward/members", `{"add":["contact:Anna","contact:Bo","+46701000003"]}`, 200, ``},
		{"key", "POST", "/v1/groups/all/members", `{"add":["group:ward","contact:Anna","+46701000002"]}`, 200, ``},
		{"key", "POST", "/v1/templates", `{"name":"hi","text":"Hi {name|you} in {city|town}","texts":{"sv":"Hej {name} i {city}","pt":"Oi {name}"}}`, 201, ``},
		{"key", "PUT", "/v1/optouts/+46701000003", `{}`, 200, ``},
	})
	type send struct {
		body   string
		status int
		want   string   // in the answer
		texts  []string // that phones get
	}
	for i, s := range []send{
		{`"to":["contact:anna","group:all"],"text":"{name} %d"`, 202, `"to":"+46701000003","field":"to","code":"opted_out"`, []string{"+46701000001 {name} %d", "+46701000002 {name} %d"}},
		{`"to":"group:ward","text":"Hi {name|you} %d","variables":{}`, 202, `opted_out`, []string{"+46701000001 Hi Anna %d", "+46701000002 Hi Bo %d"}},
		{`"to":["group:ward","+46701000004"],"template":"HI","variables":{"city":"Malmö %d"}`, 202, `opted_out`, []string{"+46701000001 Hej Anna i Malmö %d", "+46701000002 Oi Bo", "+46701000004 Hi you in Malmö %d"}},
		{`"to":"contact:Bo","template":"hi","language":"sv","variables":{"city":%d}`, 202, ``, []string{"+46701000002 Hej Bo i %d"}},
		{
			`"recipients":[{"to":"contact:Anna","variables":{"sum":"5"}},{"to":"0701000005","text":"own %d"},{"to":"+46701000005","variables":{"sum":7}},{"to":"0701000006"}],"text":"{sum} %[1]d"`, 202,
			`"to":"0701000006","field":"variables","code":"bad_content","detail":"there is no value for {sum}`,
			[]string{"+46701000001 5 %d", "+46701000005 own %d"},
		},
		{`"to":"group:ward","text":"{sum} %d","variables":{}`, 422, `"to":"group:ward","field":"variables","code":"bad_content","detail":"Bo (+46701000002): there is no value for {sum}`, nil},
		{`"recipients":[{"to":"0701000005","text":"a%d"},{"to":"0701000005","text":"b%d"},{"to":"0701000006"}]`, 422, `"field":"text"`, nil},
		{`"recipients":[{"to":"0701000005","text":"a%d"},{"to":"0701000005","text":"b%[1]d"}]`, 202, `"errors":[]`, []string{"+46701000005 a%d", "+46701000005 b%[1]d"}},
		{`"to":["contact:Mute","contact:nobody","group:nobody","group:empty","+46701000001"],"text":"x %d"`, 202, `there is no contact named`, []string{"+46701000001 x %d"}},
		{`"to":"contact:Mute","text":"x %d"`, 422, `is reached by mail`, nil},
		{`"to":"contact:Ola","text":"x %d"`, 422, `(o@example.se)`, nil},
		{`"to":"group:empty","text":"x %d"`, 422, `nobody is in`, nil},
		{`"to":"Contact:Anna","text":"x %d"`, 422, `bad_recipient`, nil},
		{`"to":["contact:Anna","contact:nobody"],"text":"x %d","atomic":true`, 422, `"to":"+46701000001","field":"atomic"`, nil},
		{`"to":"0701000001","recipients":[{"to":"0701000001"}],"text":"x %d"`, 422, `exclude each other`, nil},
		{`"to":"contact:Anna","template":"hi","text":"x %d"`, 422, `exclude each other`, nil},
		{`"to":"contact:Anna","template":"nothing %d"`, 422, `there is no template`, nil},
		{`"to":"contact:Anna","text":"x %d","language":"sv"`, 422, `"field":"language"`, nil},
		{`"to":"contact:Anna","text":"{ %d","variables":{}`, 422, `without }`, nil},
		{`"to":"contact:Anna","text":"x %d","variables":{"a b":"x"}`, 400, `"field":"variables.a b"`, nil},
		{`"recipients":[{"to":"contact:Anna","test":"x %d"}]`, 400, `unknown_field`, nil},
		{`"messages":[{"to":"contact:Anna","text":"one %d"},{"to":"+46701000001","template":"hi","variables":{"name":"{x}"}}]`, 202, `"index":1`, []string{"+46701000001 one %[1]d", "+46701000001 Hi {x} in town"}},
	} {
		var last uint64
		if list := sim.Messages(simulator.Filter{Newest: true, Limit: 1}); len(list) > 0 {
			last = list[0].Order
		}
		body := fmt.Sprintf("{"+s.body+"}", i)
		body, _, _ = strings.Cut(body, "%!(EXTRA")
		body = strings.TrimSuffix(body, "}") + "}"
		got := c.do(t, "key", "POST", "/v1/messages", body)
		if got.status != s.status || !strings.Contains(got.body, s.want) {
			t.Errorf("%s: %d %s\nwant %d %s", body, got.status, got.body, s.status, s.want)
			continue
		}
		var want []string
		for _, text := range s.texts {
			if strings.Contains(text, "%") {
				text = fmt.Sprintf(text, i)
			}
			want = append(want, text)
		}
		var have []string
		until(t, "messages do not come: "+body, func() string {
			have = nil
			for _, m := range sim.Messages(simulator.Filter{Since: last}) {
				have = append(have, "+"+strings.TrimPrefix(m.To[0].Addr, "+")+" "+m.Text)
			}
			if len(have) < len(want) {
				return ""
			}
			return "come"
		})
		slices.Sort(have)
		slices.Sort(want)
		if !slices.Equal(have, want) {
			t.Errorf("%s: phones got %q, want %q", body, have, want)
		}
	}
}
