package mail

import (
	"bytes"
	"strings"
	"time"
)

// Report is a mail that tells what became of another (RFC 3464), in words for a
// person and in fields for a program. It is sent from the empty address
// (RFC 3461 6.1), so that nothing answers it.
type Report struct {
	Message               // To is whoever sent the mail; Text is what a person reads
	EnvelopeID string     // its ENVID (RFC 3461 4.4); empty: it had none
	Host       string     // the name of the server that reports: kurir.example.se
	Arrival    time.Time  // when the mail came; zero: not told
	About      []Delivery // a row per recipient
	Original   []byte     // the header of the mail, or all of it, as it came; only the header is returned
}

// mostReturned is how many octets of a header a report returns.
const mostReturned = 16 << 10

// Bytes writes the report: a multipart/report (RFC 6522) of text, delivery-status
// and the mail's header.
func (r *Report) Bytes() []byte {
	m := r.Message
	if m.Auto == "" {
		m.Auto = AutoReplied // RFC 3834 2: it answers a mail
	}
	parts := [][]byte{r.text(), r.status(), r.header()}
	bound := boundaryFor(m.ID, parts)
	var b bytes.Buffer
	m.head(&b)
	writeField(&b, "Content-Type", `multipart/report; report-type=delivery-status; boundary="`+bound+`"`)
	b.WriteString("\r\n")
	for _, part := range parts {
		b.WriteString("--" + bound + "\r\n")
		b.Write(part)
		b.WriteString("\r\n")
	}
	b.WriteString("--" + bound + "--\r\n")
	return b.Bytes()
}

// Envelope gives the addresses of the SMTP conversation: a report is from nobody.
func (r *Report) Envelope() (from string, to []string) { return "", r.To }

func (r *Report) text() []byte {
	var b bytes.Buffer
	writeText(&b, r.Text)
	return b.Bytes()
}

// status writes the fields of the mail, then a group per recipient.
func (r *Report) status() []byte {
	var b bytes.Buffer
	writeField(&b, "Content-Type", "message/delivery-status")
	b.WriteString("\r\n")
	if r.EnvelopeID != "" {
		writeField(&b, "Original-Envelope-Id", encodeWords(r.EnvelopeID))
	}
	writeField(&b, "Reporting-MTA", "dns; "+r.Host)
	if !r.Arrival.IsZero() {
		writeField(&b, "Arrival-Date", r.Arrival.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	}
	for _, d := range r.About {
		b.WriteString("\r\n")
		if d.Original != "" {
			writeField(&b, "Original-Recipient", encodeWords(d.Original))
		}
		writeField(&b, "Final-Recipient", "rfc822; "+d.Recipient)
		writeField(&b, "Action", d.Action)
		writeField(&b, "Status", d.Status)
		if d.Diagnostic != "" {
			writeField(&b, "Diagnostic-Code", "X-Kurir; "+encodeWords(d.Diagnostic))
		}
	}
	return b.Bytes()
}

// header writes the original's header, cut at a whole line. It is 8-bit if that is.
func (r *Report) header() []byte {
	head := bytes.ReplaceAll(r.Original, []byte("\r\n"), []byte("\n"))
	if at := bytes.Index(head, []byte("\n\n")); at >= 0 {
		head = head[:at+1]
	}
	if len(head) > mostReturned {
		head = head[:mostReturned]
		head = head[:bytes.LastIndexByte(head, '\n')+1]
	}
	var b bytes.Buffer
	writeField(&b, "Content-Type", "text/rfc822-headers")
	if bytes.ContainsFunc(head, func(c rune) bool { return c >= 0x80 }) {
		writeField(&b, "Content-Transfer-Encoding", "8bit")
	}
	b.WriteString("\r\n")
	b.Write(bytes.ReplaceAll(head, []byte("\n"), []byte("\r\n")))
	return b.Bytes()
}

// Head writes of the header of a mail what of it is kept: whom it was from and to, and its ID, which may be empty.
func Head(from, to, id string) []byte {
	var b bytes.Buffer
	writeField(&b, "From", from)
	writeField(&b, "To", to)
	if id != "" {
		writeField(&b, "Message-ID", "<"+id+">")
	}
	return b.Bytes()
}

// boundaryFor makes a boundary of a mail's identifier, which no part has a line of.
func boundaryFor(id string, parts [][]byte) string {
	clean := strings.Map(func(c rune) rune {
		if c < 0x80 && (alphanumeric(byte(c)) || c == '.') {
			return c
		}
		return '_'
	}, id)
	bound := "=_" + clean[:min(len(clean), 50)]
	for {
		used := false
		for _, part := range parts {
			used = used || bytes.Contains(part, []byte("--"+bound))
		}
		if !used {
			return bound
		}
		bound += "="
	}
}
