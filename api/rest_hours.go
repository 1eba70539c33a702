package api

import (
	"time"

	"kurir/gateway"
	"kurir/message"
)

// openingView is when a message would be sent that would not be sent at once.
type openingView struct {
	SendAt *time.Time `json:"send_at,omitempty"`
	Hours  string     `json:"hours,omitempty"` // whose, and which
}

func viewOpening(o *gateway.Opening) (v openingView) {
	if o != nil {
		at := o.At.UTC()
		v.SendAt, v.Hours = &at, o.Hours
	}
	return v
}

// maxTimes bounds the times of the week that one message may name.
const maxTimes = 20

// hours reads "hours" of a message: when it may be sent.
func (r *jsonReader) hours() *message.Hours {
	if !r.open('{', "an object") {
		return nil
	}
	h := &message.Hours{}
	seen := map[string]bool{}
	for first := true; r.more('}', &first); {
		name := string(r.name())
		r.field = "hours." + clip(name)
		if seen[name] {
			r.fail(codeTwice, "%s is given twice", r.field)
			return nil
		}
		seen[name] = true
		switch name {
		case "when":
			h.Times = r.texts(maxTimes)
		case "zone":
			h.Zone = r.str()
		default:
			r.unknown(name, []string{"when", "zone"})
			return nil
		}
		r.field = "hours"
	}
	return h
}

// texts reads a string or an array of at most so many.
func (r *jsonReader) texts(most int) (list []string) {
	if r.peek() == '"' {
		return []string{string(r.quoted())}
	}
	if !r.open('[', "a string or an array of strings") {
		return nil
	}
	for first := true; r.more(']', &first); {
		if len(list) == most {
			r.fail(codeTooMany, "%s may have at most %d members", r.field, most)
			return nil
		}
		list = append(list, r.str())
	}
	return list
}

// checkHours says what is wrong with the hours of a message.
func checkHours(h *message.Hours) (f *message.Failure) {
	report := func(field, problem string) {
		if f == nil {
			f = message.Fail(message.BadContent, "hours", "hours: %s %s", field, problem)
		}
	}
	if len(h.Times) == 0 {
		report("when", "is missing, such as mon-fri 08:00-20:00")
	}
	h.Validate(func(field, problem string) {
		if field != "zone" {
			field = "when"
		}
		report(field, problem)
	})
	return f
}
