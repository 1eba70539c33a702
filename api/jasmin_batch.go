package api

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"kurir/account"
)

// jasminMostInBatch is how many messages one batch may make.
const jasminMostInBatch = 100_000

// jasminBatch is the body of POST /secure/sendbatch.
type jasminBatch struct {
	Messages []json.RawMessage `json:"messages"`
	Globals  json.RawMessage   `json:"globals"`
	Config   struct {
		Callback string `json:"callback_url"`
		Errback  string `json:"errback_url"`
		At       any    `json:"schedule_at"`
	} `json:"batch_config"`

	id    string
	delay time.Duration
	list  []*jasminMessage
}

// jasminRESTBatch is POST /secure/sendbatch.
//
//  1. The messages are read, and each of their numbers becomes a message.
//  2. They are handed over, maxMessages at a time, with the batch's id as their
//     reference.
//  3. The answer says how many they are, and the callbacks what became of each,
//     behind the answer: of those that are refused nothing else is left.
func (s *httpServer) jasminRESTBatch(w http.ResponseWriter, r *http.Request, a *account.Account) {
	body, ok := s.jasminRESTBody(w, r, a)
	if !ok {
		return
	}
	var b jasminBatch
	if json.Unmarshal(body, &b) != nil {
		jasminUnreadable(w)
		return
	}
	if title, description := b.schedule(time.Now()); title != "" {
		jasminTitled(w, http.StatusPreconditionFailed, title, description)
		return
	}
	if !b.read(a, s) {
		jasminTitled(w, http.StatusRequestEntityTooLarge, "413 Request Entity Too Large", fmt.Sprintf("a batch may make at most %d messages", jasminMostInBatch))
		return
	}
	calls, status, why := b.callbacks(s)
	if why != "" {
		jasminTitled(w, status, strconv.Itoa(status)+" "+http.StatusText(status), why)
		return
	}
	b.send(s)
	scheduled := ""
	if b.delay > 0 {
		scheduled = fmt.Sprintf(`, "scheduled": "%ds"`, int64(b.delay/time.Second))
	}
	jasminData(w, `{"batchId": "`+b.id+`", "messageCount": `+strconv.Itoa(len(b.list))+scheduled+"}")
	if calls != nil {
		calls.start(&b)
	}
}

// schedule reads schedule_at: a time of this server's zone, or seconds from now.
func (b *jasminBatch) schedule(now time.Time) (title, description string) {
	given, isText := b.Config.At.(string)
	if b.Config.At == nil {
		return "", ""
	}
	if at, err := time.ParseInLocation(time.DateTime, given, time.Local); isText && err == nil {
		if b.delay = at.Sub(now); b.delay < 0 {
			return "Cannot schedule batch in past date", "Invalid past date given: " + given
		}
		return "", ""
	}
	digits, seconds := strings.CutSuffix(given, "s")
	n, err := strconv.ParseUint(digits, 10, 31)
	if !isText || !seconds || err != nil {
		return "Cannot parse scheduled_at value", "Got unknown format: " + clip(given) + ", correct formats are 'YYYY-MM-DD mm:hh:ss' or number of seconds"
	}
	b.delay = time.Duration(n) * time.Second
	return "", ""
}

// read makes the messages. Those without a number or a content are left out, as
// Jasmin does; false if there are too many.
func (b *jasminBatch) read(a *account.Account, s *httpServer) bool {
	b.id = newUUID()
	common := jasminArgs{rest: true, text: true}
	if len(b.Globals) > 0 && common.json(b.Globals) != nil {
		common = jasminArgs{rest: true, text: true} // null, or no object
	}
	at := time.Now().Add(b.delay)
	for _, raw := range b.Messages {
		args := common
		args.names, args.values, args.lists = slices.Clone(common.names), maps.Clone(common.values), maps.Clone(common.lists)
		if args.json(raw) != nil || !args.has("to") || !args.has("content") && !args.has("hex-content") {
			continue
		}
		numbers := args.numbers()
		if len(b.list)+len(numbers) > jasminMostInBatch {
			return false
		}
		if len(numbers) == 0 {
			continue
		}
		args.set("to", "0") // each of the numbers is looked at below
		one := jasminMessage{args: &args}
		one.read(a, s)
		one.sub.Reference = b.id
		if b.delay > 0 && one.sub.SendAt.Before(at) {
			one.sub.SendAt = at
		}
		for _, to := range numbers {
			each := one
			if each.sub.To = to; each.answer == nil && !jasminDigits(strings.TrimPrefix(to, "+")) {
				each.answer = jasminInvalid("to", to)
			}
			b.list = append(b.list, &each)
		}
	}
	return true
}

// numbers are those of to, which may be a list.
func (a *jasminArgs) numbers() []string {
	text := a.values["to"]
	if !a.lists["to"] {
		return []string{text}
	}
	delete(a.lists, "to")
	var list []any
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if d.Decode(&list) != nil { // an object
		return []string{text}
	}
	numbers := make([]string, len(list))
	for i := range list {
		numbers[i] = jasminWritten(list[i])
	}
	return numbers
}

// send hands over what is good, and gives each message its answer.
func (b *jasminBatch) send(s *httpServer) {
	var good []*jasminMessage
	for _, one := range b.list {
		if one.answer == nil {
			good = append(good, one)
		}
	}
	for part := range slices.Chunk(good, maxMessages) {
		s.jasminSubmit(part)
	}
}

// newUUID returns a random one (RFC 9562 5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
