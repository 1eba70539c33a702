package mail

import (
	"bytes"
	"strings"
)

// walk goes through the parts of a mail once, from the first octet to the last,
// and keeps text only.
type walk struct {
	s      *source
	l      *Letter
	depth  int  // levels that may still be gone down
	parts  int  // parts that may still come
	text   int  // octets of text that may still be kept
	fields int  // octets of parts' headers likewise
	inner  bool // within a mail in the mail: its attachments are not the mail's
}

// content is the text that a part gave.
type content struct {
	kind contentKind
	text string // UTF-8; HTML as it came
}

// contentKind ranks texts: of several forms of one text the highest is taken.
type contentKind int

const (
	noText       contentKind = iota
	mailText                 // of a mail within the mail
	calendarText             // made of an invitation
	htmlText
	plainText
)

// plain gives the content as plain text.
func (c content) plain() string {
	text := c.text
	if c.kind == htmlText {
		text = htmlToText(text)
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n", "\v", "\n").Replace(text)
	text = strings.Map(shown, strings.ToValidUTF8(text, "\ufffd"))
	if text = strings.TrimRight(text, " \t\n"); text == "" {
		return ""
	}
	return text + "\n"
}

// shown drops control characters.
func shown(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
		return -1
	}
	return r
}

// blank tells whether there is nothing to read in it.
func (c content) blank() bool {
	return c.kind == noText || strings.TrimSpace(c.text) == "" || c.kind == htmlText && c.plain() == ""
}

// part reads what follows a header to the end of its part. Usual is the type of a
// part that does not tell one (RFC 2046 5.1.5).
func (w *walk) part(fields []field, usual string) content {
	w.parts--
	if w.parts < 0 {
		w.l.defect("the mail has too many parts: the last were not read")
		w.s.skip()
		return content{}
	}
	h := readPartHeader(fields, usual)
	if w.l.kind == "" {
		w.l.kind, w.l.report = h.kind, strings.ToLower(h.params["report-type"])
	}
	if h.encrypted() {
		w.l.defect("the mail is encrypted: its text cannot be read")
	}
	switch {
	case strings.HasPrefix(h.kind, "multipart/"):
		return w.multipart(h)
	case h.kind == "message/rfc822" && !h.encoded(), h.kind == "message/global" && !h.encoded():
		return w.message(h)
	case h.keeps():
		return w.leaf(h)
	}
	w.attach(h, w.pass(h))
	return content{}
}

// multipart reads parts until the closing boundary, and passes over what stands
// before and behind them.
func (w *walk) multipart(h partHeader) content {
	if w.depth == 0 {
		w.l.defect("the mail has parts within parts too deep: they were not read")
		w.s.skip()
		return content{}
	}
	w.depth--
	defer func() { w.depth++ }()
	level := len(w.s.bounds)
	w.s.bounds = append(w.s.bounds, h.params["boundary"])
	if h.params["boundary"] == "" {
		w.l.defect("a part with several does not say where they begin")
		w.s.bounds[level] = w.guessBoundary()
	}
	preamble, inside := w.preamble(level)
	var parts []content
	usual := "text/plain"
	if h.kind == "multipart/digest" {
		usual = "message/rfc822"
	}
	for inside {
		fields, _ := readFields(w.s, &w.fields)
		if c := w.part(fields, usual); !c.blank() {
			parts = append(parts, c)
		}
		inside = w.s.hit == level && !w.s.final
	}
	closed := w.s.hit == level
	w.s.bounds = w.s.bounds[:level]
	if closed {
		w.s.skip()
	} else {
		w.l.defect("a part ends without saying so: the mail may have been cut")
	}
	if len(parts) == 0 && !closed {
		return preamble
	}
	if h.kind == "multipart/alternative" {
		return best(parts)
	}
	return join(parts)
}

// preamble reads to the first boundary. Where none comes, what was read is the
// text.
func (w *walk) preamble(level int) (text content, inside bool) {
	raw := w.collect()
	inside = w.s.hit == level && !w.s.final
	if !inside {
		text = content{plainText, fromUnknown(raw)}
	} else {
		w.text += len(raw)
	}
	return text, inside
}

// guessBoundary takes the first line that looks like a boundary for one.
func (w *walk) guessBoundary() string {
	w.s.bounds[len(w.s.bounds)-1] = "\x00" // no line is that
	for {
		line, begins, ok := w.s.next()
		if !ok {
			return "\x00"
		}
		if text := bytes.TrimRight(line, " \t\r\n"); begins && len(text) > 4 && bytes.HasPrefix(text, []byte("--")) {
			bound := string(text[2:])
			w.s.back(append([]byte("--"), bound...))
			return bound
		}
	}
}

// best takes of several forms of one text the plainest.
func best(parts []content) content {
	var c content
	for _, p := range parts {
		if p.kind > c.kind {
			c = p
		}
	}
	return c
}

// join puts the texts of parts one below the other.
func join(parts []content) content {
	if len(parts) < 2 {
		return best(parts)
	}
	kind := best(parts).kind
	var texts []string
	for _, p := range parts {
		if kind > mailText && p.kind == mailText {
			continue // a mail that is attached is not the text, where there is one
		}
		if kind > calendarText && p.kind == calendarText {
			continue
		}
		texts = append(texts, p.plain())
	}
	if kind == htmlText {
		kind = plainText
	}
	return content{kind, strings.Join(texts, "\n")}
}

// collect reads the part and keeps of it what there is room for.
func (w *walk) collect() (raw []byte) {
	for {
		line, _, ok := w.s.next()
		if !ok {
			return raw
		}
		keep := min(len(line), w.text)
		raw = append(raw, line[:keep]...)
		if w.text -= keep; keep < len(line) {
			w.l.defect("the text is too long: its end was left out")
		}
	}
}

// pass reads over a part and tells its size as decoded.
func (w *walk) pass(h partHeader) int64 {
	var size int64
	for {
		line, _, ok := w.s.next()
		if !ok {
			break
		}
		if h.encoding == "base64" {
			line = bytes.TrimRight(line, "=\r\n \t")
		}
		size += int64(len(line))
	}
	if h.encoding == "base64" {
		return size * 3 / 4
	}
	return size
}

// leaf reads a part whose content says something.
func (w *walk) leaf(h partHeader) content {
	raw := w.collect()
	body, good := decodeTransfer(raw, h.encoding)
	if !good {
		w.l.defect("a part is encoded wrongly (" + h.encoding + "): some of its text may be wrong")
	}
	switch h.kind {
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return w.tnef(h, body)
	case "message/rfc822", "message/global":
		return w.inside(body, func() content { return w.message(h) })
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return w.signed(h, body)
	case "message/delivery-status", "message/global-delivery-status":
		if !w.inner {
			w.l.Bounces = append(w.l.Bounces, readDeliveries(body)...)
		}
		return content{}
	case "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
		w.original(body)
		return content{}
	case "text/calendar":
		w.attach(h, int64(len(body)))
		return content{calendarText, calendarToText(toUTF8(body, h.params["charset"]))}
	case "text/html":
		return content{htmlText, toUTF8(body, htmlCharset(h.params["charset"], body))}
	}
	text := toUTF8(body, h.params["charset"])
	if strings.EqualFold(h.params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(h.params["delsp"], "yes"))
	}
	return content{plainText, text}
}

// message reads a mail within the mail. It is an attachment by the name of its
// subject; its text is the mail's only where there is no other.
func (w *walk) message(h partHeader) content {
	if w.depth == 0 {
		w.l.defect("the mail has parts within parts too deep: they were not read")
		w.s.skip()
		return content{}
	}
	w.depth--
	before, left := w.inner, w.s.left
	w.inner = true
	fields, _ := readFields(w.s, &w.fields)
	if w.l.BouncedID == "" && w.l.kind == "multipart/report" && !before {
		w.l.BouncedID = firstID(fields)
	}
	c := w.part(fields, "text/plain")
	w.depth++
	w.inner = before
	if h.name == "" {
		h.name = decodeWords(get(fields, "Subject"))
	}
	w.attach(h, left-w.s.left)
	if w.l.kind == "multipart/report" || c.blank() {
		return content{}
	}
	return content{mailText, c.plain()}
}

// signed reads what is in the opaque form of S/MIME.
func (w *walk) signed(h partHeader, body []byte) content {
	inner, ok := signedContent(body)
	if !ok {
		w.attach(h, int64(len(body)))
		w.l.defect("the mail is encrypted: its text cannot be read")
		return content{}
	}
	return w.inside(inner, func() content {
		fields, _ := readFields(w.s, &w.fields)
		return w.part(fields, "text/plain")
	})
}

// inside reads on in what a part had encoded.
func (w *walk) inside(body []byte, read func() content) content {
	if w.depth == 0 {
		w.l.defect("the mail has parts within parts too deep: they were not read")
		return content{}
	}
	outer := w.s
	w.s = newSource(bytes.NewReader(body), int64(len(body)))
	w.depth--
	c := read()
	w.depth++
	w.s = outer
	return c
}

// original notes of which mail a report returns the header.
func (w *walk) original(header []byte) {
	budget := len(header)
	fields, _ := readFields(newSource(bytes.NewReader(header), int64(len(header))), &budget)
	if w.l.BouncedID == "" && !w.inner {
		w.l.BouncedID = firstID(fields)
	}
}

func firstID(fields []field) string {
	if ids := readIDs(get(fields, "Message-Id")); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// attach notes a part that is no text.
func (w *walk) attach(h partHeader, size int64) {
	if w.inner {
		return
	}
	w.l.Attachments = append(w.l.Attachments, Attachment{Name: h.name, Type: h.kind, Size: size, Inline: h.inline()})
}
