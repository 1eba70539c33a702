package mail

import (
	"strings"
	"testing"
	"testing/iotest"
)

// read reads a mail whose lines end in \n.
func read(t *testing.T, text string) *Letter {
	t.Helper()
	l, err := Read(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestReadHeader: fields are decoded, and those that are asked for by name are found.
func TestReadHeader(t *testing.T) {
	t.Parallel()
	l := read(t, `From: =?iso-8859-1?Q?Anna_=C5berg?= <anna@example.se>
To: "Drift, jour" <070123456@sms.example.se>, group.duty@sms.example.se
Cc: undisclosed-recipients:;
Reply-To: Svar <svar@example.se>
Subject: =?utf-8?B?TMOk?=
 =?utf-8?Q?nken_=C3=A4r_nere?=
Date: Tue, 1 Dec 2026 07:30:00 +0100
Message-ID: <1@example.se>
In-Reply-To: <0@example.se>
References: <a@example.se>
	<0@example.se>
X-Kurir-Cost-1: 4711

Hej
`)
	if l.From != (Address{"Anna Åberg", "anna@example.se"}) {
		t.Errorf("from %+v", l.From)
	}
	if len(l.To) != 2 || l.To[0] != (Address{"Drift, jour", "070123456@sms.example.se"}) || l.To[1].Addr != "group.duty@sms.example.se" {
		t.Errorf("to %+v", l.To)
	}
	if len(l.Cc) != 0 || len(l.ReplyTo) != 1 || l.ReplyTo[0].Addr != "svar@example.se" {
		t.Errorf("cc %+v, reply to %+v", l.Cc, l.ReplyTo)
	}
	if l.Subject != "Länken är nere" {
		t.Errorf("subject %q", l.Subject)
	}
	if got := l.Date.UTC().Format("2006-01-02 15:04"); got != "2026-12-01 06:30" {
		t.Errorf("date %s", got)
	}
	if l.ID != "1@example.se" || strings.Join(l.InReplyTo, " ") != "0@example.se" || strings.Join(l.References, " ") != "a@example.se 0@example.se" {
		t.Errorf("ids %q %q %q", l.ID, l.InReplyTo, l.References)
	}
	if l.Header("x-kurir-cost-1") != "4711" || l.Header("X-Kurir-Cost-2") != "" {
		t.Errorf("cost %q", l.Header("x-kurir-cost-1"))
	}
	if l.Text != "Hej\n" || len(l.Defects) != 0 {
		t.Errorf("text %q, defects %q", l.Text, l.Defects)
	}
}

// TestReadFailing: a reader that fails, and a mail with nothing in it, are errors.
func TestReadFailing(t *testing.T) {
	t.Parallel()
	if _, err := Read(iotest.ErrReader(iotest.ErrTimeout), Limits{}); err == nil {
		t.Error("a reader failed, and nobody said so")
	}
	if _, err := Read(strings.NewReader(""), Limits{}); err == nil {
		t.Error("nothing was a mail")
	}
}
