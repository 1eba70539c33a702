package api

import (
	"cmp"
	"html"
	"mime"
	"net/http"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// maxServiceBody bounds what a service of Kannel's answers, in octets.
const maxServiceBody = 40 << 10

// kannelWords are the words that a service says, or those of Kannel.
func kannelWords(own, usual string) string { return cmp.Or(own, usual) }

// answer is what the phone is answered with; nil for nothing.
func (k *KannelService) answer(s *gateway.Service, in *message.Inbound, c *call) *gateway.Submission {
	none := kannelWords(s.CouldNotRepresent, "Result could not be represented as an SMS message.")
	f, ok := kannelAnswered(s, c)
	if !ok {
		return kannelText(none)
	}
	a := k.opt.Accounts().ByName(in.Account)
	if a == nil {
		return kannelText(f["text"]) // nobody answers: the log says why
	}
	sub, bad := f.described(a, k.opt.Guard, k.opt.TLVs(), k.opt.Dimensions(), time.Now())
	if bad != nil {
		return kannelText(none)
	}
	content := &sub.Content
	if content.Text == "" && len(content.Data) == 0 {
		if s.OmitEmpty {
			return nil
		}
		return kannelText(kannelWords(s.EmptyMessage, "<Empty reply from service provider>"))
	}
	if f["priority"] == "" {
		sub.Priority = message.High
	}
	kannelShape(s, content)
	return &sub
}

// kannelText is an answer that is a text and nothing else.
func kannelText(text string) *gateway.Submission {
	return &gateway.Submission{Priority: message.High, Content: message.Content{Text: text, Class: -1}}
}

// kannelAnswered reads the body of an answer, and its headers where the service
// has them count; false for what is no answer to a phone.
func kannelAnswered(s *gateway.Service, c *call) (kannelFieldsGiven, bool) {
	if c.answered == nil { // it has too much
		return nil, false
	}
	kind, params, _ := mime.ParseMediaType(c.typed)
	head := http.Header{}
	if s.Headers {
		head = c.head
	}
	text, charset, coding := string(c.answered), params["charset"], "0"
	var f kannelFieldsGiven
	var bad *kannelAnswer
	switch kind {
	case "text/html":
		text = htmlText(between(text, s.Prefix, s.Suffix))
	case "", "text/plain":
		text = strings.TrimSpace(text)
	case "application/octet-stream":
		coding = "1"
	case "text/xml", "application/xml":
		if f, bad = kannelXML(c.answered); f != nil && !s.Headers {
			f = kannelFieldsGiven{"text": f["text"], "charset": f["charset"], "coding": f["coding"]}
		}
	default:
		return nil, false
	}
	if f == nil && bad == nil {
		if given := head.Get("X-Kannel-Coding"); charset == "" && given == "" && !utf8.ValidString(text) {
			charset = "ISO-8859-1"
		}
		f, bad = kannelHeaders(head, text, coding, charset)
	}
	return f, bad == nil
}

// between is what stands in a page between a prefix and a suffix; all of it
// where one is missing.
func between(page, prefix, suffix string) string {
	if prefix == "" || suffix == "" {
		return page
	}
	_, inside, begins := strings.Cut(page, prefix)
	inside, _, ends := strings.Cut(inside, suffix)
	if !begins || !ends {
		return page
	}
	return inside
}

// htmlText is the text of a page: without comments and tags, white space as one
// space, characters in place of their names.
func htmlText(page string) string {
	var out strings.Builder
	for page != "" {
		before, rest, tag := strings.Cut(page, "<")
		out.WriteString(before)
		if !tag {
			break
		}
		end := ">"
		if strings.HasPrefix(rest, "!--") {
			end = "-->"
		}
		_, page, _ = strings.Cut(rest, end)
	}
	return html.UnescapeString(strings.Join(strings.Fields(out.String()), " "))
}

// kannelShape puts header and footer around a text, and cuts off what is more
// than the service may answer.
func kannelShape(s *gateway.Service, c *message.Content) {
	most := max(s.MaxMessages, 1)
	if c.Want == gsm.Binary {
		n := len(c.Data)
		fits := sort.Search(n, func(i int) bool {
			size, err := gsm.MeasureBinary(i+1, len(c.Header))
			return err != nil || size.Parts > most
		})
		c.Data = c.Data[:fits]
		return
	}
	text := []rune(s.Header + c.Text + s.Footer)
	footer := []rune(s.Footer)
	cut := func(n int) string { return string(text[:n]) + string(footer) }
	if fitsInto(string(text), c.Want, most) {
		c.Text = string(text)
		return
	}
	body := text[:len(text)-len(footer)]
	c.Text = cut(sort.Search(len(body), func(i int) bool { return !fitsInto(cut(i+1), c.Want, most) }))
}

// fitsInto tells whether a text needs no more parts.
func fitsInto(text string, want gsm.Encoding, parts int) bool {
	size, err := gsm.Measure(text, want)
	return err == nil && size.Parts <= parts
}
