package mail

import "testing"

// TestOrigin goes through the ways in which programs say that they are none (RFC 3834).
func TestOrigin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		header, path string
		want         Origin
	}{
		{"From: anna@example.se", "anna@example.se", Person},
		{"Auto-Submitted: no", "anna@example.se", Person},
		{"X-Auto-Response-Suppress: None", "anna@example.se", Person},
		{"Precedence: first-class", "anna@example.se", Person},
		{"Subject: Automatic doors are broken", "anna@example.se", Person},
		{"Subject: Undelivered parcels", "anna@example.se", Person},
		{"Auto-Submitted: auto-generated", "x@example.se", Generated},
		{"Auto-Submitted: AUTO-GENERATED (by cron); x=y", "x@example.se", Generated},
		{"Auto-Submitted: something-new", "x@example.se", Generated},
		{"Auto-Submitted: auto-generated", "", Generated},
		{"Precedence: bulk", "x@example.se", Generated},
		{"Precedence: Junk", "x@example.se", Generated},
		{"X-Auto-Response-Suppress: OOF, AutoReply", "x@example.se", Generated},
		{"From: No-Reply <no-reply@example.se>", "x@example.se", Generated},
		{"Auto-Submitted: auto-replied", "x@example.se", Replied},
		{"Auto-Submitted: auto-replied; owner-email=a@b", "", Replied},
		{"X-Autoreply: yes", "x@example.se", Replied},
		{"X-Autorespond: x", "x@example.se", Replied},
		{"Precedence: auto_reply", "x@example.se", Replied},
		{"Subject: Autosvar: Hej", "x@example.se", Replied},
		{"Subject: Automatiskt svar: Hej", "x@example.se", Replied},
		{"Subject: Out of Office: Hi", "x@example.se", Replied},
		{"Subject: Frånvaro: Hej", "x@example.se", Replied},
		{"Subject: I am away", "", Replied},
		{"Return-Path: <>", "", Replied},
		{"Return-Path: <>", "relay@example.se", Replied},
		{"From: MAILER-DAEMON@example.se", "x@example.se", Bounced},
		{"From: x@example.se", "MAILER-DAEMON@example.se", Bounced},
		{"From: postmaster@example.se\nSubject: Undeliverable: Hi", "x@example.se", Bounced},
		{"From: postmaster@example.se\nSubject: Planned work", "x@example.se", Person},
		{"Subject: Mail delivery failed: returning message to sender", "", Bounced},
		{"X-Failed-Recipients: a@b", "x@example.se", Bounced},
		{"Content-Type: multipart/report; report-type=delivery-status; boundary=b", "x@example.se", Bounced},
		{"Content-Type: multipart/report; report-type=\"disposition-notification\"; boundary=b", "", Notified},
		{"List-Id: <a.example.se>", "x@example.se", List},
		{"List-Unsubscribe: <mailto:x@example.se>", "x@example.se", List},
		{"Precedence: list", "x@example.se", List},
		{"List-Id: <a.example.se>\nAuto-Submitted: auto-replied", "x@example.se", Replied},
	} {
		l := read(t, test.header+"\n\ntext\n")
		got, why := l.Origin(test.path)
		if got != test.want || (why == "") != (got == Person) {
			t.Errorf("%q from <%s>: %s, %s", test.header, test.path, got, why)
		}
		if got.Answerable() != (test.want == Person) {
			t.Errorf("%q: answerable %t", test.header, got.Answerable())
		}
	}
}
