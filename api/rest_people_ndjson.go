package api

import (
	"bytes"
	"encoding/json"
	"net/http"

	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
)

// ndjsonLines reads a contact in JSON in each line, with the fields of POST /v1/contacts. What a line leaves out it does not
// say.
func ndjsonLines(body []byte, each func(importLine) *problem) *problem {
	number := 0
	for text := range bytes.SplitSeq(body, []byte("\n")) {
		number++
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			continue
		}
		l := importLine{number: number}
		var c directory.Contact
		if p := readContact(text, &c); p != nil {
			l.wrong = &gateway.PeopleProblem{Text: p.Detail}
			if len(p.Errors) > 0 {
				l.wrong = &gateway.PeopleProblem{Field: p.Errors[0].Field, Text: p.Detail}
			}
		} else {
			l.edit = func(old *directory.Contact) { overlay(old, &c) }
		}
		if p := each(l); p != nil {
			return p
		}
	}
	if number < 2 && len(bytes.TrimSpace(body)) == 0 {
		return faulty(http.StatusUnprocessableEntity, codeRequired, "", `the body is empty; each line is a contact such as {"name":"Anna","mobile":"+46701234567"}`)
	}
	return nil
}

// exportedContact is a contact as an export has it.
type exportedContact struct {
	directory.Contact
	ID        message.ID `json:"id"`
	Revision  int64      `json:"revision"`
	ChangedAt string     `json:"changed_at"`
	ChangedBy string     `json:"changed_by"`
}

func readContact(text []byte, c *directory.Contact) *problem {
	if len(text) > mostLine {
		return faulty(http.StatusUnprocessableEntity, codeTooLarge, "", "the line has more than %s", sizeText(mostLine))
	}
	var row exportedContact
	if p := checkBody(text, &map[string]any{}); p != nil {
		return p
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&row); err != nil {
		return undecoded(err)
	}
	*c = row.Contact
	return nil
}

// overlay puts what a line says into a contact.
func overlay(c, line *directory.Contact) {
	for _, at := range contactColumns {
		if text := *at(line); text != "" {
			*at(c) = text
		}
	}
	if len(line.Addresses) > 0 {
		c.Addresses = line.Addresses
	}
	for name, value := range line.Fields {
		if c.Fields == nil {
			c.Fields = map[string]string{}
		}
		c.Fields[name] = value
	}
}
