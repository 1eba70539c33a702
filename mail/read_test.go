package mail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestReadTenMegabytes: a large file beside a text is passed over.
func TestReadTenMegabytes(t *testing.T) {
	t.Parallel()
	line := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 57)) + "\r\n"
	head := "From: anna@example.se\r\nSubject: Film\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nSe filmen.\r\n--b\r\nContent-Type: video/mp4; name=film.mp4\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n"
	const lines = 10 << 20 / 57
	body := io.MultiReader(strings.NewReader(head), strings.NewReader(strings.Repeat(line, lines)),
		strings.NewReader("--b\r\nContent-Type: text/plain\r\n\r\nSlut.\r\n--b--\r\n"))
	l, err := Read(body, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if l.Text != "Se filmen.\n\nSlut.\n" || len(l.Attachments) != 1 || l.Attachments[0].Size != lines*57 || l.Truncated || len(l.Defects) > 0 {
		t.Errorf("%q %+v %q", l.Text, l.Attachments, l.Defects)
	}
	if got := (&Rule{Form: BodyOnly, ListAttachments: true}).Text(l); got != "Se filmen.\n\nSlut.\n[film.mp4 10 MB]" {
		t.Errorf("text %q", got)
	}
}

// TestReadLimits: whatever is too much is passed over and told, and what came
// before it is kept.
func TestReadLimits(t *testing.T) {
	t.Parallel()
	part := "--b\nContent-Type: text/plain\n\npart\n"
	mixed := "From: a@example.se\nContent-Type: multipart/mixed; boundary=b\n\n"
	deep := "From: a@example.se\n"
	for i := range 50 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	for name, test := range map[string]struct {
		mail   string
		limits Limits
		text   string
		defect string
	}{
		"octets":      {mixed + part + strings.Repeat("x", 1000), Limits{Bytes: int64(len(mixed + part))}, "part\n", "longer than"},
		"parts":       {mixed + strings.Repeat(part, 10) + "--b--\n", Limits{Parts: 4}, "part\n\npart\n\npart\n", "too many parts"},
		"depth":       {deep + "\nlost\n", Limits{}, "", "too deep"},
		"mails":       {"From: a@example.se\n" + strings.Repeat("Content-Type: message/rfc822\n\n", 50) + "\nx\n", Limits{}, "", "too deep"},
		"text":        {"Subject: x\n\n" + strings.Repeat("0123456789\n", 10), Limits{Text: 25}, "0123456789\n0123456789\n012\n", "text is too long"},
		"long line":   {"Subject: x\n\n" + strings.Repeat("y", 100000), Limits{}, strings.Repeat("y", 100000) + "\n", ""},
		"torn letter": {"Subject: x\nContent-Type: text/plain; charset=utf-8\n\nååå", Limits{Text: 5}, "åå\n", "text is too long"},
		"fields":      {"Subject: x\nX: " + strings.Repeat("z", 1000) + "\n\ntext\n", Limits{Header: 100}, "text\n", "header is too long"},
		"text of all": {mixed + strings.Repeat(part, 10) + "--b--\n", Limits{Text: 7}, "part\n\npa\n", "text is too long"},
	} {
		l, err := Read(strings.NewReader(test.mail), test.limits)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if l.Text != test.text {
			t.Errorf("%s: text %.100q", name, l.Text)
		}
		if defects := strings.Join(l.Defects, "; "); !strings.Contains(defects, test.defect) || test.defect == "" && defects != "" {
			t.Errorf("%s: defects %q", name, defects)
		}
	}
}

// TestReadOdd: mails that break the rules in ways that programs do.
func TestReadOdd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ mail, text string }{
		"no header":                   {"Larm i zon 3\nkontrollera\n", "Larm i zon 3\nkontrollera\n"},
		"empty line first":            {"\nSubject: x\n\nText\n", "Subject: x\n\nText\n"},
		"type without slash":          {"Content-Type: text\n\nHej\n", "Hej\n"},
		"type twice":                  {"Content-Type: text/plain\nContent-Type: text/html\n\n<b>\n", "<b>\n"},
		"no semicolon":                {"Content-Type: text/plain charset=iso-8859-2\n\n\xb3\n", "ł\n"},
		"parameter twice":             {"Content-Type: text/plain; charset=utf-8; charset=utf-16\n\nåäö\n", "åäö\n"},
		"alternative, plain is blank": {"Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n<p>Hej</p>\n--b--\n", "Hej\n"},
		"html is blank":               {"Content-Type: text/html\n\n<img src=x>\n", ""},
		"boundary with spaces":        {"Content-Type: multipart/mixed; boundary=\"a b\"\n\n--a b  \n\nHej\n--a b--\n", "Hej\n"},
		"boundary prefix of another":  {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHej\n--bb\n--b-\n--b--\n", "Hej\n--bb\n--b-\n"},
		"inner ends by outer":         {"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\none\n--o\n\ntwo\n--o--\n", "one\n\ntwo\n"},
		"same boundary inside":        {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n--b--\n", "one\n\ntwo\n"},
		"line ends of old":            {"Subject: x\n\none\rtwo\n", "one\ntwo\n"},
		"nul":                         {"Subject: x\n\na\x00b\n", "ab\n"},
		"japanese cut":                {"Content-Type: text/plain; charset=iso-2022-jp\n\nabc \x1b$B\n", "abc \n"},
		"charset that browsers fear":  {"Content-Type: text/plain; charset=hz-gb-2312\n\n~{VPND~}\n", "中文\n"},
		"cp850":                       {"Content-Type: text/plain; charset=ibm850\n\n\x86\x84\x94\n", "åäö\n"},
		"ascii that is not":           {"Content-Type: text/plain; charset=us-ascii\n\n\xe5\xe4\xf6\n", "åäö\n"},
		"utf-8 that is not":           {"Content-Type: text/plain; charset=utf-8\n\n\xe5\xe4\xf6\n", "åäö\n"},
	} {
		l, err := Read(strings.NewReader(test.mail), Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if l.Text != test.text && l.Text != strings.ReplaceAll(test.text, " \n", "\n") {
			t.Errorf("%s: text %q, not %q", name, l.Text, test.text)
		}
	}
}

// says tells characters that are more than space and decoration.
func says(r rune) bool { return !blankRune(r) && !strings.ContainsRune("-=_*~#+.>", r) }

// FuzzRead: nothing panics, what comes out is UTF-8 and within the limits, and a
// rule makes a text of it.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"From: a@example.se\nSubject: =?utf-8?Q?x?=\n\nHej\n",
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>x<ul><li>y</ul>\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--b--\n",
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nX: y\n\nFinal-Recipient: rfc822; a@b\nAction: failed\n--b--\n",
		"Content-Type: text/plain; format=flowed; delsp=yes\n\n> a \n> b\n-- \nOn x, y wrote:\n> z\n",
		"Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\neJ8+IgEAAQWQBgAIAAAAAAABAAEA\n",
		"Content-Type: text/calendar\n\nBEGIN:VEVENT\nSUMMARY:x\nDTSTART:20261201T090000Z\nEND:VEVENT\n",
		"-----Original Message-----\nFrom: x\nSent: y\nSubject: z\n",
		"\n-----<mailto:a>\n",
		"\n\u00a0<mailto:a>\n",
		"Content-Type: image/png; name=\"" + strings.Repeat("x", 99) + " yz\"\n\nabc\n",
	} {
		f.Add([]byte(seed))
	}
	samples, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range samples {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(raw) < 8<<10 {
			f.Add(raw)
		}
	}
	limits := Limits{Bytes: 1 << 20, Parts: 20, Depth: 5, Text: 1 << 16, Header: 1 << 12}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := Read(bytes.NewReader(raw), limits)
		if err != nil {
			return
		}
		if !utf8.ValidString(l.Text) || !utf8.ValidString(l.Subject) || !utf8.ValidString(l.From.Name) {
			t.Errorf("not UTF-8: %q %q %q", l.Subject, l.From.Name, l.Text)
		}
		if strings.ContainsAny(l.Subject, "\r\n") || strings.ContainsAny(l.Text, "\r\x00") {
			t.Errorf("control characters: %q %q", l.Subject, l.Text)
		}
		l.Origin("")
		for _, rule := range []Rule{{}, {Form: BodyOnly, ListAttachments: true}, {Form: Template, Template: "{name}: {subject} {body}"}} {
			text := rule.Text(l)
			if text == "" && strings.ContainsFunc(l.Subject+l.Text, says) {
				t.Errorf("nothing is left of %q %q", l.Subject, l.Text)
			}
			if strings.Contains(text, "\n\n\n") || strings.Contains(text, "  ") {
				t.Errorf("not squeezed: %q", text)
			}
		}
	})
}
