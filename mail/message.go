package mail

import (
	"bytes"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
)

// Message is a mail of plain text.
type Message struct {
	From    string   // name@example.com
	To      []string // likewise
	Subject string
	Text    string // UTF-8, lines end in \n
	ID      string // of Message-ID, without brackets: name@example.com
	Date    time.Time
}

// Bytes writes the mail (RFC 5322, RFC 2045).
func (m *Message) Bytes() []byte {
	var b bytes.Buffer
	header := func(name, value string) {
		b.WriteString(name + ": " + strings.NewReplacer("\r", " ", "\n", " ").Replace(value) + "\r\n")
	}
	header("From", m.From)
	header("To", strings.Join(m.To, ", "))
	header("Subject", mime.QEncoding.Encode("utf-8", m.Subject))
	header("Date", m.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	header("Message-ID", "<"+m.ID+">")
	header("Auto-Submitted", "auto-generated") // RFC 3834: no robot is to answer it
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.ReplaceAll(m.Text, "\n", "\r\n"))) // a buffer takes all
	_ = w.Close()
	return b.Bytes()
}
