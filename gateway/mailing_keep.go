package gateway

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"time"

	"kurir/directory"
	"kurir/message"
)

// keptMailing is a mailing as it is kept over a restart: what customers say of messages, without what belongs to this run.
type keptMailing struct {
	From, Reference, Link, Tag string
	Content                    message.Content
	SendAt                     time.Time
	Validity                   time.Duration
	MaxParts                   int
	Hours                      *message.Hours
	Target                     message.Target
	Text                       *message.TextRules
	Dimensions                 map[string]string
	Via                        message.Interface
	Priority                   message.Priority
	Receipts                   message.Receipts
	Secret, Dialog             bool

	To        []MailTo
	Template  *directory.Template
	Filled    bool
	Variables map[string]string
	Language  string
	User      string
}

func encodeMailing(m *Mailing) ([]byte, error) {
	s := &m.Common
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(&keptMailing{
		s.From, s.Reference, s.Link, s.Tag, s.Content, s.SendAt, s.Validity, s.MaxParts, s.Hours, s.Target, s.Text, s.Dimensions,
		s.Via, s.Priority, s.Receipts, s.Secret, s.Dialog, m.To, m.Template, m.Filled, m.Variables, m.Language, m.User,
	})
	if err != nil {
		return nil, fmt.Errorf("write a large request: %w", err)
	}
	return b.Bytes(), nil
}

func decodeMailing(account string, kept []byte) (*Mailing, error) {
	var k keptMailing
	if err := gob.NewDecoder(bytes.NewReader(kept)).Decode(&k); err != nil {
		return nil, fmt.Errorf("read a large request: %w", err)
	}
	return &Mailing{
		Account: account, User: k.User, To: k.To, Template: k.Template, Filled: k.Filled, Variables: k.Variables, Language: k.Language,
		Common: Submission{
			From: k.From, Reference: k.Reference, Link: k.Link, Tag: k.Tag, Content: k.Content, SendAt: k.SendAt, Validity: k.Validity,
			MaxParts: k.MaxParts, Hours: k.Hours, Target: k.Target, Text: k.Text, Dimensions: k.Dimensions,
			Via: k.Via, Priority: k.Priority, Receipts: k.Receipts, Secret: k.Secret, Dialog: k.Dialog,
		},
	}, nil
}

// MailingCounts is what has become of a mailing.
type MailingCounts struct {
	Accepted int64            `json:"accepted"`
	Refused  map[string]int64 `json:"refused"` // by the code of the failure
	Errors   []MailingError   `json:"errors"`  // the first of them
	Error    string           `json:"error"`   // why it failed
}

// MailingError is a recipient that was refused.
type MailingError struct {
	To     string `json:"to"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// mostMailingErrors is how many refused recipients are shown.
const mostMailingErrors = 100

func (c *MailingCounts) refuse(to string, f *message.Failure) {
	if c.Refused == nil {
		c.Refused = map[string]int64{}
	}
	c.Refused[f.Kind.Code()]++
	if len(c.Errors) < mostMailingErrors {
		c.Errors = append(c.Errors, MailingError{to, f.Kind.Code(), f.Error()})
	}
}

// keptCounts is how far a mailing has come, as it is kept.
type keptCounts struct {
	MailingCounts
	Looked    int64  `json:"looked"`
	Expected  int64  `json:"expected"`
	Reference string `json:"reference"`
}

func (v *MailingJob) encode() []byte {
	text, err := json.Marshal(&keptCounts{v.MailingCounts, v.Looked, v.Expected, v.Reference})
	if err != nil { // it always can be written
		return nil
	}
	return text
}

func decodeCounts(text []byte) (c keptCounts) {
	_ = json.Unmarshal(text, &c) // counts that cannot be read are none
	return c
}
