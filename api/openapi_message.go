package api

import (
	"reflect"

	"kurir/gsm"
	"kurir/message"
	"kurir/resource"
)

// specialSchema gives the schemas of types that are written in their own way.
func specialSchema(t reflect.Type) *resource.Schema {
	switch t {
	case reflect.TypeFor[message.ID]():
		return &resource.Schema{Type: "string", Pattern: "^[0-7][0-9a-hjkmnp-tv-z]{12}$"}
	case reflect.TypeFor[message.State]():
		return words(message.States()...)
	case reflect.TypeFor[gsm.Encoding]():
		return words(gsm.Auto, gsm.GSM7, gsm.UCS2, gsm.Latin1, gsm.Binary)
	case reflect.TypeFor[message.Amount]():
		return &resource.Schema{Type: "string", Pattern: `^-?[0-9]+(\.[0-9]+)?$`}
	case reflect.TypeFor[askedTime]():
		return &resource.Schema{Type: "string", Description: "RFC 3339, or a date"}
	}
	return nil
}

// words is the schema of one of a few words.
func words[T interface{ String() string }](all ...T) *resource.Schema {
	s := &resource.Schema{Type: "string"}
	for _, one := range all {
		s.Enum = append(s.Enum, one.String())
	}
	return s
}

// oneOf is the schema of one of a few texts.
func oneOf(all ...string) *resource.Schema { return &resource.Schema{Type: "string", Enum: all} }

// textOrTexts is the schema of a text or several.
func textOrTexts(most int) *resource.Schema {
	text := &resource.Schema{Type: "string"}
	return &resource.Schema{OneOf: []*resource.Schema{text, {Type: "array", Items: text, MaxItems: most}}}
}

// messageFields says of the fields of a message (restFields) what may stand in
// them; a test holds that none is missing.
func messageFields() resource.Properties {
	text := func() *resource.Schema { return &resource.Schema{Type: "string"} }
	priorities := &resource.Schema{Type: "string"}
	for p := range message.Priorities {
		priorities.Enum = append(priorities.Enum, message.Priority(p).String())
	}
	object := func(required []string, p ...resource.Property) *resource.Schema {
		return &resource.Schema{Type: "object", Properties: p, Required: required, Additional: false}
	}
	port := func() *resource.Schema { return wholeFrom(0, 65535, nil) }
	texts := &resource.Schema{Type: "object", Additional: text()}
	var fields resource.Properties
	add := func(name, doc string, s *resource.Schema) {
		s.Description = doc
		fields = append(fields, resource.Property{Name: name, Schema: s})
	}
	add("to", "the recipient's number, or up to 1,000 of them", textOrTexts(maxMessages))
	fields[0].Schema.Description += ", `contact:NAME` or `group:NAME`"
	add("recipients", "in place of to: recipients with texts and variables of their own", &resource.Schema{Type: "array", MaxItems: maxMessages, Items: object([]string{"to"},
		resource.Property{Name: "to", Schema: withText(text(), "a number, `contact:NAME` or `group:NAME`")},
		resource.Property{Name: "text", Schema: withText(text(), "in place of that of all")},
		resource.Property{Name: "variables", Schema: withText(&resource.Schema{Type: "object", Additional: textOrNumber()}, "before those of all")})})
	add("template", "name or id of a template, in place of text", text())
	add("language", "in which the template is used; left out: that of each contact", text())
	add("variables", "values of the `{placeholders}` in texts, for all recipients", &resource.Schema{Type: "object", Additional: textOrNumber()})
	add("from", "sender: a number, a short code, or at most 11 characters; left out: the account's", text())
	add("text", "what the phone shows", text())
	add("data", "octets in hexadecimal digits in place of text", &resource.Schema{Type: "string", Pattern: "^([0-9a-fA-F]{2})*$"})
	add("udh", "user data header in hexadecimal digits, with its length octet", &resource.Schema{Type: "string", Pattern: "^([0-9a-fA-F]{2})*$"})
	add("send_at", "when it is to be sent, with its zone; left out: at once", &resource.Schema{Type: "string", Format: "date-time"})
	add("validity", "how long it is tried: `90s`, `30m`, `24h`", text())
	add("hours", "when it may be sent", object([]string{"when"},
		resource.Property{Name: "when", Schema: withText(textOrTexts(maxTimes), "times such as `mon-fri 8:00-17:00`")},
		resource.Property{Name: "zone", Schema: &resource.Schema{Type: "string", Description: "such as `Europe/Oslo`, or `recipient`"}}))
	add("priority", "left out: the account's, or normal", priorities)
	add("flash", "shown at once on the screen (message class 0)", &resource.Schema{Type: "boolean"})
	add("class", "message class", wholeFrom(0, 3, nil))
	add("replace_type", "takes the place of the message with the same type from the same sender", wholeFrom(1, 7, nil))
	add("ports", "application ports", object([]string{"to"}, resource.Property{Name: "to", Schema: withText(port(), "of the recipient")}, resource.Property{Name: "from", Schema: withText(port(), "of the sender; left out: 0")}))
	add("encoding", "of the text; left out: as the text needs", words(gsm.Auto, gsm.GSM7, gsm.UCS2, gsm.Latin1, gsm.Binary))
	add("reference", "your own; comes back in states and lists", &resource.Schema{Type: "string", MaxLength: maxReference})
	add("webhook", "address that its states are pushed to; left out: the account's", text())
	add("receipts", "which states are pushed, and whether the operator is asked for a receipt", oneOf("none", "final", "all"))
	add("tlvs", "optional parameters of SMPP by name or tag", &resource.Schema{
		Type: "object", Additional: &resource.Schema{OneOf: []*resource.Schema{text(), {Type: "integer"}}},
	})
	add("unicode", "what becomes of a text that needs Unicode", oneOf("simplify", "refuse"))
	add("long", "what becomes of a text that is longer than one message", oneOf("join", "separate", "cut", "refuse"))
	add("max_parts", "a text that needs more is refused", wholeFrom(1, 255, nil))
	add("dialog", "the sender gets digits behind it, so that the answer is tied to this message", &resource.Schema{Type: "boolean"})
	add("secret", "the text is shown to nobody, and erased when the message is final", &resource.Schema{Type: "boolean"})
	add("dimensions", "what the cost is put down to, by name", texts)
	add("tag", "a word for the rules of routes", &resource.Schema{Type: "string", MaxLength: 64})
	return fields
}

// textOrNumber is the schema of a variable.
func textOrNumber() *resource.Schema {
	return &resource.Schema{OneOf: []*resource.Schema{{Type: "string"}, {Type: "number"}}}
}

// newMessage is the schema of a message in a request; required are the fields that
// it must have.
func newMessage(more resource.Properties, required ...string) *resource.Schema {
	return &resource.Schema{Type: "object", Properties: append(messageFields(), more...), Required: required, Additional: false}
}

// newMessages is what POST /v1/messages reads: one message, or several.
func newMessages(g *resource.Schemas) *resource.Schema {
	atomic := func() resource.Properties {
		return resource.Properties{{Name: "atomic", Schema: &resource.Schema{Type: "boolean", Description: "all messages of the request are accepted, or none"}}}
	}
	g.Named["MessageOfSeveral"] = newMessage(nil)
	g.Named["NewMessage"] = newMessage(atomic())
	g.Named["NewMessages"] = &resource.Schema{
		Type: "object", Required: []string{"messages"}, Additional: false,
		Properties: append(resource.Properties{{
			Name: "messages", Schema: &resource.Schema{Type: "array", Items: g.Ref("MessageOfSeveral"), MaxItems: maxMessages},
		}}, atomic()...),
	}
	return &resource.Schema{OneOf: []*resource.Schema{g.Ref("NewMessage"), g.Ref("NewMessages")}}
}

// acceptedView is the answer to POST /v1/messages, which batch.answer writes.
type acceptedView struct {
	Messages []resultView  `json:"messages" doc:"those that are accepted: they are on disk"`
	Errors   []mistakeView `json:"errors" doc:"those that are not, and why"`
	Job      *mailingView  `json:"job,omitempty" doc:"for more than 1,000 phones: what sends to them one after the other"`
}

// resultView is a message that is accepted, which appendResult writes.
type resultView struct {
	Index    int            `json:"index,omitempty" doc:"its place within messages of the request"`
	ID       message.ID     `json:"id"`
	To       string         `json:"to"`
	State    message.State  `json:"state"`
	Parts    int            `json:"parts" doc:"short messages that it needs"`
	Encoding gsm.Encoding   `json:"encoding"`
	Price    message.Amount `json:"price,omitempty" doc:"what is reserved for it"`
	Currency string         `json:"currency,omitempty"`
	Replaced []replacedView `json:"replaced,omitempty" doc:"characters of the text in whose place others are sent"`
	LeftOut  int            `json:"left_out,omitempty" doc:"characters that are cut off"`
	More     []message.ID   `json:"more,omitempty" doc:"further messages that a long text became"`
}

// problemView is a problem document, which problem.append writes.
type problemView struct {
	Type   string        `json:"type" format:"uri-reference"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Code   string        `json:"code" doc:"what is wrong, as a stable word"`
	Detail string        `json:"detail" doc:"what is wrong and what to do, for people"`
	Errors []mistakeView `json:"errors,omitempty" doc:"which fields or recipients are wrong"`
}

// mistakeView is one mistake, which appendFieldErrors writes.
type mistakeView struct {
	Index  int    `json:"index,omitempty" doc:"place within messages of the request"`
	To     string `json:"to,omitempty"`
	Field  string `json:"field,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}
