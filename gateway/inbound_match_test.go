package gateway

import (
	"strings"
	"testing"
	"time"

	"kurir/message"
	"kurir/route"
)

// TestInboundMatch has one rule for each condition and says of messages whether
// it holds, and what is said when it does not.
func TestInboundMatch(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) // a Friday
	tests := []struct {
		name string
		rule InboundRule
		in   message.Inbound
		why  string // empty: it matches
	}{
		{"any", InboundRule{}, message.Inbound{}, ""},
		{"to", InboundRule{To: route.Patterns{"+4673*"}}, inbound("46731", "1", "", ""), "number 46731 does not match to: +4673*"},
		{"from", InboundRule{From: route.Patterns{"+4670*"}}, inbound("1", "46731234567", "", ""), "sender 46731234567 does not match from: +4670*"},
		{"link", InboundRule{Link: route.Patterns{"op*"}}, inbound("1", "2", "", "op1"), ""},
		{"other link", InboundRule{Link: route.Patterns{"op1"}}, inbound("1", "2", "", "op2"), `link "op2" does not match link: op1`},
		{"word", InboundRule{Keyword: route.Patterns{"vad"}}, inbound("1", "2", "VAD?", ""), ""},
		{"word before a new line", InboundRule{Keyword: route.Patterns{"info"}}, inbound("1", "2", "Info\nplease", ""), ""},
		{"diacritics in the text", InboundRule{Keyword: route.Patterns{"hjalp"}}, inbound("1", "2", " Hjälp, please", ""), ""},
		{"diacritics in the rule", InboundRule{Keyword: route.Patterns{"HJÄLP"}}, inbound("1", "2", "hjalp", ""), ""},
		{"diacritics of their own", InboundRule{Keyword: route.Patterns{"hjälp"}}, inbound("1", "2", "Hja\u0308lp", ""), ""},
		{"longer word", InboundRule{Keyword: route.Patterns{"info"}}, inbound("1", "2", "information", ""), `the first word "information" does not match keyword: info`},
		{"beginning of the word", InboundRule{Keyword: route.Patterns{"info*"}}, inbound("1", "2", "INFORMATION", ""), ""},
		{"signs before the word", InboundRule{Keyword: route.Patterns{"info"}}, inbound("1", "2", "¿“INFO”?", ""), ""},
		{"nothing but signs", InboundRule{Keyword: route.Patterns{"info"}}, inbound("1", "2", "?!", ""), `the first word "" does not match keyword: info`},
		{"any word", InboundRule{Keyword: route.Patterns{"*"}}, inbound("1", "2", "?!", ""), ""},
		{"Turkish capitals", InboundRule{Keyword: route.Patterns{"bilgi"}}, inbound("1", "2", "BİLGİ", ""), ""},
		{"Turkish without a dot", InboundRule{Keyword: route.Patterns{"kayıt"}}, inbound("1", "2", "KAYIT", ""), ""},
		{"Greek", InboundRule{Keyword: route.Patterns{"τέλος"}}, inbound("1", "2", "ΤΕΛΟΣ", ""), ""},
		{"Ukrainian", InboundRule{Keyword: route.Patterns{"їжак"}}, inbound("1", "2", "ЇЖАК!", ""), ""},
		{"pattern", InboundRule{Text: `(?i)order \d+`}, inbound("1", "2", "my Order 17", ""), ""},
		{"pattern fails", InboundRule{Text: `order \d+`}, inbound("1", "2", "my order", ""), `the text holds nothing that matches text: "order \\d+"`},
		{"time", InboundRule{When: route.Patterns{"fri 12:00-13:00"}}, inbound("1", "2", "", ""), ""},
		{"time fails", InboundRule{When: route.Patterns{"fri 12:00-13:00"}, Zone: "Europe/Stockholm"}, inbound("1", "2", "", ""), "Fri 13:00 CET is not within when: fri 12:00-13:00"},
	}
	for _, tt := range tests {
		table := NewInboundTable([]InboundRule{tt.rule})
		c := table.explain(&tt.in, noon)[0]
		if r := table.match(&tt.in, noon); (r != nil) != c.Matched || c.Matched != (tt.why == "") || !c.Matched && c.Why != tt.why {
			t.Errorf("%s: matched %t and explained %+v, want %q", tt.name, r != nil, c, tt.why)
		}
	}
}

func inbound(to, from, text, link string) message.Inbound {
	return message.Inbound{To: message.Address{Number: to}, From: message.Address{Number: from}, Link: link, Content: message.Content{Text: text}}
}

// TestJasminAction: what a rule says of calls of Jasmin's kind is in the target.
func TestJasminAction(t *testing.T) {
	t.Parallel()
	for mask, a := range map[uint8]InboundAction{
		0:                                      {Jasmin: "http://x/"},
		message.JasminGet:                      {Jasmin: "http://x/", Method: "get", Content: "raw"},
		message.JasminText:                     {Jasmin: "http://x/", Method: "POST", Content: "UTF-8"},
		message.JasminGet | message.JasminText: {Jasmin: "http://x/", Method: "GET", Content: "utf-8"},
	} {
		a.validate("do", func(field, problem string) { t.Errorf("%s: %s", field, problem) })
		in := message.Inbound{Account: "acme"}
		a.does(&in)
		if want := (message.Target{Kind: message.JasminTarget, Account: "acme", Address: "http://x/", Mask: mask}); len(in.Targets) != 1 || in.Targets[0] != want {
			t.Errorf("%+v: %+v", a, in.Targets)
		}
	}
	for want, a := range map[string]InboundAction{
		"do.jasmin":            {Jasmin: "ftp://x/"},
		"do.method do.content": {Jasmin: "http://x/", Method: "PUT", Content: "utf-16"},
		"do.method":            {Webhook: "http://x/", Method: "GET"},
		"do.content":           {Reply: "x", Content: "raw"},
		"do":                   {Jasmin: "http://x/", Webhook: "http://x/"},
	} {
		var got []string
		a.validate("do", func(field, _ string) { got = append(got, field) })
		if strings.Join(got, " ") != want {
			t.Errorf("%+v: problems with %q, want %q", a, got, want)
		}
	}
}

// TestInboundRuleProblems names the field of what is wrong.
func TestInboundRuleProblems(t *testing.T) {
	t.Parallel()
	for want, rule := range map[string]InboundRule{
		"do":   {},
		"text": {Account: "a", Text: "("},
		"when": {Account: "a", When: route.Patterns{"someday"}},
		"keyword[1] keyword[2] keyword[3] keyword[4]": {Account: "a", Keyword: route.Patterns{"info*", "two words", "#info", "", "in*fo"}},
		"zone": {Account: "a", Zone: "Europe/Stockholm"},
	} {
		var got []string
		rule.Validate(func(field, _ string) { got = append(got, field) })
		if strings.Join(got, " ") != want {
			t.Errorf("problems with %q, want %q", got, want)
		}
	}
}
