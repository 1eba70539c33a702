package mail

import (
	"strings"
	"testing"
)

// TestRuleText goes through the forms, and what is cut and kept.
func TestRuleText(t *testing.T) {
	t.Parallel()
	l := &Letter{
		From: Address{"Anna", "anna@example.se"}, Subject: "Disk  full", Text: "On srv1:  98 %\n\n\n\nAct now\n-- \nAnna\n",
		Attachments: []Attachment{{"a.pdf", "application/pdf", 1499, false}, {"", "image/png", 3_600_000, false}, {"logo.png", "image/png", 10, true}},
	}
	for want, rule := range map[string]Rule{
		"Disk  full\nOn srv1: 98 %\n\nAct now": {},
		"On srv1: 98 %\n\nAct now":             {Form: BodyOnly},
		"Disk  full":                           {Form: SubjectOnly},
		"Anna <anna@example.se> Disk full: On srv1: 98 %\n\nAct now {x}": {Form: Template, Template: "{name} <{from}>  {subject}: {body} {x}\n"},
		"On srv1: 98 %\n\nAct now\n--\nAnna":                             {Form: BodyOnly, KeepSignature: true},
		"On srv1: 98 %":                                                  {Form: BodyOnly, Disclaimers: []string{"act NOW"}},
		"Disk  full\n[a.pdf 1 kB, image/png 4 MB]":                       {Form: SubjectOnly, ListAttachments: true},
	} {
		if got := rule.Text(l); got != want {
			t.Errorf("%+v: %q, not %q", rule, got, want)
		}
	}
	for want, l := range map[string]*Letter{
		"only": {Subject: "only"}, "text": {Text: "text\n"}, "": {},
		"Same: more":            {Subject: "same", Text: "Same: more"},
		"Same\nSameness counts": {Subject: "Same", Text: "Sameness counts"},
	} {
		for _, form := range []Form{SubjectFirst, ""} {
			if got := (&Rule{Form: form}).Text(l); got != want {
				t.Errorf("%+v: %q", l, got)
			}
		}
	}
	if got := (&Rule{Form: BodyOnly}).Text(&Letter{Subject: "only"}); got != "only" {
		t.Errorf("a mail without a body: %q", got)
	}
	if got := (&Rule{Form: SubjectOnly}).Text(&Letter{Text: "only\n"}); got != "only" {
		t.Errorf("a mail without a subject: %q", got)
	}
}

// TestRuleCuts: what mail programs put around what somebody wrote, in both
// languages, and what only looks like it.
func TestRuleCuts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Ok\n\nOn Mon, 1 Dec 2026 at 09:12, Bo <bo@example.se> wrote:\n> Well?":                         "Ok",
		"Ok\n\nOn Mon, 1 Dec 2026 at 09:12, Bo <bo@example.se>\nwrote:\n\n> Well?":                      "Ok",
		"Ok\n\nDen mån 1 dec. 2026 kl 09:12 skrev Bo <bo@example.se>:\n\nVa?":                           "Ok",
		"Ok\n\nDen 2026-12-01 kl. 09:12, skrev Bo Ek:\n> Va?":                                           "Ok",
		"Ok\n\n2026-12-01 09:12 skrev bo@example.se:\n> Va?":                                            "Ok",
		"Ok\n\nBo Ek <bo@example.se> skrev:\n> Va?":                                                     "Ok",
		"Ok\n\nAm 01.12.2026 um 09:12 schrieb Bo:\n> Was?":                                              "Ok",
		"Ok\n\n________________________________\nFrån: Bo\nSkickat: i går\nTill: Eva\nÄmne: Va?\n\nVa?": "Ok",
		"Ok\n\n*From:* Bo\n*Sent:* yesterday\n*To:* Eva\n*Subject:* Well\n\nWell?":                      "Ok",
		"Ok\n-----Ursprungligt meddelande-----\nFrån: Bo\n":                                             "Ok",
		"Ok\n----- Original Message -----\nfoo":                                                         "Ok",
		"Ok\n\nSent from my iPhone":                                                                     "Ok",
		"Ok\nSkickat från min iPad":                                                                     "Ok",
		"Ok\nSkickat från min Samsung Galaxy-telefon.":                                                  "Ok",
		"Ok\nSkickat från Outlook för iOS<https://aka.ms/o0ukef>":                                       "Ok",
		"Ok\nSent from Yahoo Mail on Android":                                                           "Ok",
		"Ok\nGet Outlook for iOS<https://aka.ms/o0ukef>":                                                "Ok",
		"Ok\n--\nBo\nDrift":                                                  "Ok",
		"Ok\n\nTänk på miljön innan du skriver ut.":                          "Ok",
		"CAUTION: This email originated from outside\nof the company.\n\nOk": "Ok",
		"Ok\n> Well?\n> And?":                                                "Ok",
		"Begin forwarded message:\n\nFrom: Bo\nSubject: X\nDate: today\nTo: Eva\n\nThe text": "The text",
		"> all\n> quoted":                             "> all\n> quoted",
		"-- \nonly a signature":                       "--\nonly a signature",
		"Sent from my iPhone":                         "Sent from my iPhone",
		"Skickat från lagret: 3 pallar":               "Skickat från lagret: 3 pallar",
		"Used:\n> 90 %":                               "Used:\n> 90 %",
		"From: 070123\nDate: today\nLength: 3 s":      "From: 070123\nDate: today\nLength: 3 s",
		"Call\n\nFrom: 070123\nTo: 4711\nDate: today": "Call\n\nFrom: 070123\nTo: 4711\nDate: today",
		"External email gateway is down\n\nQueue: 40": "External email gateway is down\n\nQueue: 40",
		"Bo wrote:\nsomething":                        "Bo wrote:\nsomething",
		"A\n--\nB" + strings.Repeat("\nline", 20):     "A\n--\nB" + strings.Repeat("\nline", 20),
		"=====\nA\n* * * * *\nB":                      "A\n\nB",
		"See example.se<https://www.example.se/> or a@b.se<mailto:a@b.se>, docs<https://example.se/d>": "See example.se or a@b.se, docs (https://example.se/d)",
		"if x <http://y> z":         "if x <http://y> z",
		"a\u00a0\u00a0b\u200b \t c": "a b c",
	} {
		if got := (&Rule{}).Body(&Letter{Text: text + "\n"}); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"FYI\n\n-----Original Message-----\nFrom: Bo\nSent: x\nSubject: y\n\nThe text\n\nFrom: Eva\nSent: x\nTo: Bo\nSubject: z\n\nOlder": "FYI\n\nThe text",
		"Titta!\n\nBegin forwarded message:\n\n> From: Bo\n> Date: x\n> Subject: y\n> \n> The text\n> goes on":                            "Titta!\n\nThe text\ngoes on",
		"---------- Forwarded message ---------\nFrom: Bo <bo@example.se>\nDate: x\nSubject: y\nTo: Eva\n\nThe text":                      "The text",
	} {
		if got := (&Rule{}).Body(&Letter{Subject: "VB: y", Text: text}); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	kept := "Ok\n\nOn Monday, Bo wrote:\n> Well?\n> And?\n\nSent from my iPhone\nThis e-mail is confidential"
	if got := (&Rule{KeepQuoted: true, KeepSignature: true, KeepDisclaimers: true}).Body(&Letter{Text: kept}); got != kept {
		t.Errorf("kept: %q", got)
	}
}

// TestRuleCutAll: of an answer that only quotes nothing is left.
func TestRuleCutAll(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Ok\n\nOn Mon, 1 Dec 2026 at 09:12, Bo <bo@example.se> wrote:\n> Well?": "Ok",
		"On Mon, 1 Dec 2026 at 09:12, Bo <bo@example.se> wrote:\n> Well?\n\nOk": "Ok",
		"Ok\n\nFrom: Bo\nSent: x\nTo: Eva\nSubject: z\n\nOlder":                 "Ok",
		"> all\n> quoted": "", "> one line": "", "-- \nonly a signature": "", "Sent from my iPhone": "", "\n\n": "",
		"From: Bo\nSent: x\nTo: Eva\nSubject: z\n\nOlder": "",
	} {
		if got := (&Rule{CutAll: true}).Body(&Letter{Subject: "SV: y", Text: text + "\n"}); got != want {
			t.Errorf("an answer, %q: %q, not %q", text, got, want)
		}
	}
}

// TestRuleCheck: a rule that cannot be followed is told in words.
func TestRuleCheck(t *testing.T) {
	t.Parallel()
	for want, rule := range map[string]Rule{
		"":                          {Form: Template, Template: "{name}: {body} {0}"},
		"there is no form \"all\"":  {Form: "all"},
		"needs a template":          {Form: Template, Template: " "},
		"the template has {sender}": {Form: Template, Template: "{sender}"},
	} {
		if err := rule.Check(); err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v", rule, err)
		}
	}
	if err := (&Rule{}).Check(); err != nil {
		t.Error(err)
	}
}

// TestHTMLToText: what a page shows is its text.
func TestHTMLToText(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"a<br>b<br/>c<br><br>d":                                  "a\nb\nc\n\nd",
		"<p>a</p><p>b</p>c":                                      "a\n\nb\n\nc",
		"<div>a</div><div>b</div>":                               "a\nb",
		"a <b> b</b>\n <i>c </i>d":                               "a b c d",
		"<ul><li>a<li>b<ul><li>c</ul></ul>d":                     "- a\n- b\n- c\nd",
		"<ol><li>a</li><li>b</li></ol>":                          "1. a\n2. b",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>d": "a b\nc\nd",
		"&aring;&auml;&ouml; &lt;b&gt; &amp; &#8364; &amp;lt;":   "åäö <b> & € &lt;",
		"<script>if (a < b) x()</script><style>p{}</style>a":     "a",
		"<head><title>t</title></head><body>a":                   "a",
		"<div style='display: none'>x<div>y</div></div>a":        "a",
		"<p hidden>x</p>a<!-- b --><![if mso]>c<![endif]>":       "ac",
		`<a href="https://example.se/x">x</a>`:                   "x (https://example.se/x)",
		`<a href="https://example.se">www.example.se</a>`:        "www.example.se",
		`<a href="javascript:alert(1)">x</a>`:                    "x",
		`<a href="https://example.se"><img></a>a`:                "a",
		`<a href="https://example.se/x">never closed`:            "never closed (https://example.se/x)",
		"<blockquote>a<br>b</blockquote>c":                       "> a\n> b\n\nc",
		"<pre>a\n  b</pre>":                                      "a\n  b",
		"a\u00adb&zwnj;c&nbsp;d":                                 "abc\u00a0d",
		"a<":                                                     "a<",
		"<p>":                                                    "",
	} {
		if got := htmlToText(page); got != want {
			t.Errorf("%s: %q, not %q", page, got, want)
		}
	}
	deep := strings.Repeat("<blockquote><ul><li>", 100_000) + "x"
	if got := htmlToText(deep); len(got) > 3*len(deep) {
		t.Errorf("deep: %d octets", len(got))
	}
}
