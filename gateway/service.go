package gateway

import (
	"encoding/json"
	"fmt"
	"strings"

	"kurir/account"
)

// Service is how Kannel's sms-service hands over a message from a phone: exactly one of get_url, post_url and post_xml
// is given, an address with Kannel's escapes, such as http://127.0.0.1:9000/in?from=%p&text=%a.
type Service struct {
	// GetURL is called by GET; what is to be told stands in its escapes.
	GetURL string `yaml:"get_url" json:"get_url,omitempty"`
	// PostURL is called by POST, with the text as its body and headers X-Kannel-...
	PostURL string `yaml:"post_url" json:"post_url,omitempty"`
	// PostXML is called by POST, with Kannel's XML.
	PostXML string `yaml:"post_xml" json:"post_xml,omitempty"`
	// Name is the service's, %n and X-Kannel-Service. Empty: that of the rule.
	Name string `yaml:"name" json:"name,omitempty"`
	// SendSender tells the number that the phone wrote to in X-Kannel-From and in the XML.
	SendSender bool `yaml:"send_sender" json:"send_sender,omitempty"`
	// Recode hands over texts in UCS-2 as UTF-8 with coding 0, as Kannel's mo-recode; otherwise they are UTF-16BE with coding
	// 2.
	Recode bool `yaml:"mo_recode" json:"mo_recode,omitempty"`
	// MaxMessages is how many parts an answer may have, 1 to 255; what is longer is cut off. 0: 1.
	MaxMessages int `yaml:"max_messages" json:"max_messages,omitempty"`
	// OmitEmpty gives no answer for an empty body, in place of reply_emptymessage.
	OmitEmpty bool `yaml:"omit_empty" json:"omit_empty,omitempty"`
	// Headers has the headers X-Kannel-... of what the service answers count, as Kannel's accept-x-kannel-headers.
	Headers bool `yaml:"accept_x_kannel_headers" json:"accept_x_kannel_headers,omitempty"`
	// Header stands in front of an answer that is a text.
	Header string `yaml:"header" json:"header,omitempty"`
	// Footer stands behind an answer that is a text.
	Footer string `yaml:"footer" json:"footer,omitempty"`
	// Prefix is what an answer in HTML has in front of the text; without it, or without suffix, all is text.
	Prefix string `yaml:"prefix" json:"prefix,omitempty"`
	// Suffix is what an answer in HTML has behind the text.
	Suffix string `yaml:"suffix" json:"suffix,omitempty"`
	// Tries is how often it is called at most, with growing pauses, before the phone is answered with reply_couldnotfetch.
	// 0: until webhooks.max_age, without such an answer.
	Tries int `yaml:"tries" json:"tries,omitempty"`
	// CouldNotFetch answers when all tries are used up. Empty: Could not fetch content, sorry.
	CouldNotFetch string `yaml:"reply_couldnotfetch" json:"reply_couldnotfetch,omitempty"`
	// CouldNotRepresent answers in place of what is no text. Empty: Result could not be represented as an SMS message.
	CouldNotRepresent string `yaml:"reply_couldnotrepresent" json:"reply_couldnotrepresent,omitempty"`
	// EmptyMessage answers in place of an empty body. Empty: <Empty reply from service provider>
	EmptyMessage string `yaml:"reply_emptymessage" json:"reply_emptymessage,omitempty"`
}

const (
	mostServiceTries = 1000
	mostServiceText  = 2000 // octets of one of its texts
)

// URL is the one of the three that is given.
func (s *Service) URL() string { return s.GetURL + s.PostURL + s.PostXML }

// ParseService reads the address of a target of kind message.ServiceTarget.
func ParseService(address string) (s Service, err error) {
	if err = json.Unmarshal([]byte(address), &s); err != nil {
		return s, fmt.Errorf("the service cannot be read: %w", err)
	}
	return s, nil
}

// address is the service as a target has it.
func (s *Service) address() string {
	b, _ := json.Marshal(s) // texts and numbers
	return string(b)
}

// given lists which of its addresses are.
func (s *Service) given() (names []string) {
	for _, one := range []struct{ name, url string }{{"get_url", s.GetURL}, {"post_url", s.PostURL}, {"post_xml", s.PostXML}} {
		if one.url != "" {
			names = append(names, one.name)
		}
	}
	return names
}

// String says what it does.
func (s *Service) String() string {
	how := strings.Join(s.given(), " and ")
	return "kannel " + how + " " + s.URL()
}

func (s *Service) validate(report func(field, problem string)) {
	switch names := s.given(); len(names) {
	case 0:
		report("get_url", "is missing: a service of Kannel's needs one of get_url, post_url and post_xml")
		return
	case 1:
		account.ValidatePattern(report, names[0], s.URL())
	default:
		report(names[1], "a service of Kannel's calls one address: "+strings.Join(names, " and ")+" are two actions")
	}
	if s.MaxMessages < 0 || s.MaxMessages > 255 {
		report("max_messages", "is not within 1 to 255")
	}
	if s.Tries < 0 || s.Tries > mostServiceTries {
		report("tries", fmt.Sprintf("is not within 1 to %d", mostServiceTries))
	}
	for field, text := range map[string]string{
		"name": s.Name, "header": s.Header, "footer": s.Footer, "prefix": s.Prefix, "suffix": s.Suffix,
		"reply_couldnotfetch": s.CouldNotFetch, "reply_couldnotrepresent": s.CouldNotRepresent, "reply_emptymessage": s.EmptyMessage,
	} {
		if len(text) > mostServiceText {
			report(field, fmt.Sprintf("is longer than %d octets", mostServiceText))
		}
	}
	if strings.ContainsAny(s.Name, "\r\n") {
		report("name", "has an end of line")
	}
}
