package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// killed is the state of TestKillAmidActs: what the customers know.
type killed struct {
	*server
	ward             *rest
	repeating, other *simulator.Simulator
	random           *rand.Rand
	ids              map[string]string // by reference and number, of every message that was accepted
	dialogs          map[string]string // the phone, by reference
	answered         map[string]string // id of the message, by the text of the answer
	rate             int               // the last that was answered
}

// TestKillAmidActs: the program is killed during each act on what waits, and during changes of the configuration, while there
// are dialogs, an account with a rate, and a route that repeats after negative and missing receipts. Nothing is lost, sent
// again without being marked, or stuck; an act that is asked for again finishes; a change that was answered is there.
func TestKillAmidActs(t *testing.T) {
	t.Parallel()
	k := &killed{random: faults(t), ids: map[string]string{}, dialogs: map[string]string{}, answered: map[string]string{}}
	k.repeating = startSimulator(t, simulator.Options{Phones: -1, Behaviour: simulator.Behaviour{
		Undelivered: 40, ReceiptLost: 20, Receipts: simulator.ReceiptTime{After: 300 * time.Millisecond},
	}})
	k.other = startSimulator(t, simulator.Options{Phones: -1})
	k.server = startServer(t, nil, serverOptions{
		account:    ", admin: true",
		accounts:   []string{fmt.Sprintf(`{name: ward, api_keys: [%s], senders: ["*"], sender: WARD, rate: 20}`, wardKey)},
		connectors: []string{linkTo("op1", k.repeating.Addr(), `, receipt_failures: {"1": memory_full}`), linkTo("op2", k.other.Addr(), ""), linkTo("op3", freeAddr(t), "")},
		routes: []string{
			`{to: "+4671*", via: [op1, op2], fallback: {may_repeat: true, missing: 3s, within: 30m}}`,
			`{to: "+4673*", via: [op3]}`, `{to: "*", via: [op2]}`,
		},
		more: `replies: [{number: "` + service + `", digits: 2, within: 72h, links: [op2]}]`,
	})
	ward := *k.rest
	ward.key = wardKey
	k.ward = &ward
	linked(t, k.repeating)
	linked(t, k.other)
	if status, body, _, _ := k.do(http.MethodPut, "/v1/config/accounts/made", "application/json", strings.NewReader(`{"api_keys": ["made-key-0123456789"], "senders": ["*"], "rate": 1}`)); status/100 != 2 {
		t.Fatalf("an account is made: %d %s", status, body)
	}
	k.rate = 1
	for _, prefix := range []string{"46731", "46732"} {
		k.submit(k.rest, fmt.Sprintf("wait-%s", prefix), many(prefix, 700))
	}
	for round, act := range []string{
		`pause {"to":"+4673*"}`, `resume {"to":"+4673*"}`, `lane {"to":"+4673*","priority":"bulk"}`, `move {"to":"+46731*","move_to":"op2"}`, `cancel {"to":"+46732*"}`,
	} {
		k.round(round, act)
	}
	k.settle()
}

// many numbers that begin so.
func many(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("+%s%06d", prefix, i)
	}
	return list
}

// submit hands over one text to these numbers.
func (k *killed) submit(by *rest, ref string, to []string, more ...string) {
	k.t.Helper()
	body := map[string]any{"to": to, "text": ref + " " + textMark}
	for i := 0; i < len(more); i += 2 {
		body[more[i]] = more[i+1]
	}
	if len(more) > 0 {
		body["dialog"] = true
	}
	text, _ := json.Marshal(body)
	status, answer := by.post(string(text))
	var accepted struct{ Messages []viewed }
	if status != http.StatusAccepted || json.Unmarshal(answer, &accepted) != nil || len(accepted.Messages) != len(to) {
		k.t.Fatalf("%s: %d %s", ref, status, answer)
	}
	for i, m := range accepted.Messages {
		k.ids[ref+" "+to[i]] = m.ID
	}
}

// round submits, kills the program within an act and changes of the configuration, starts it and asks again.
func (k *killed) round(n int, act string) {
	t := k.t
	for i := range 20 {
		k.submit(k.rest, fmt.Sprintf("repeat-%d-%d", n, i), many(fmt.Sprintf("4671%d", n), 1))
		k.submit(k.ward, fmt.Sprintf("ward-%03d", n*20+i), many("46705", 1))
	}
	for i := range 10 { // two with each phone
		ref, phone := fmt.Sprintf("dialog-%d-%d", n, i), fmt.Sprintf("+46709%d%05d", n, i/2)
		k.submit(k.rest, ref, []string{phone}, "from", service)
		k.dialogs[ref] = phone
	}
	name, body, _ := strings.Cut(act, " ")
	acted, changed := make(chan int, 1), make(chan [2]int, 1)
	asked := *k.rest // without a failure where there is no answer
	go func() {
		status, _, _, _ := asked.do(http.MethodPost, "/v1/queues/"+name, "application/json", strings.NewReader(body))
		acted <- status
	}()
	go func(rate int) { // until the program is gone
		for next := rate + 1; ; next++ {
			status, _, _, err := asked.do(http.MethodPatch, "/v1/config/accounts/made", "application/json", strings.NewReader(fmt.Sprintf(`{"rate": %d, "sender": "R%d"}`, next, next)))
			if err != nil || status != http.StatusOK {
				changed <- [2]int{next - 1, status}
				return
			}
		}
	}(k.rate)
	<-time.After(time.Duration(20+k.random.IntN(150)) * time.Millisecond)
	k.proc.kill()
	judge(t, k.proc.name, k.proc.out.String())
	status, told := <-acted, <-changed
	k.start()
	k.configured(told[0])
	t.Logf("round %d: %s was answered %d; the rate %d, and then %d", n, name, status, told[0], told[1])

	var job struct{ ID, State string }
	code, answer, _, _ := k.do(http.MethodPost, "/v1/queues/"+name, "application/json", strings.NewReader(body))
	if code != http.StatusAccepted || json.Unmarshal(answer, &job) != nil {
		t.Fatalf("%s again: %d %s", act, code, answer)
	}
	eventually(t, name+" is done", func() bool { k.fetch("/v1/jobs/"+job.ID, &job); return job.State == "done" })
	k.answer()
}

// configured checks that the account has the last rate that was answered, or the one that was not, and is whole.
func (k *killed) configured(answered int) {
	var made struct {
		Value struct {
			Rate   float64
			Sender string
		}
	}
	_, body := k.get("/v1/config/accounts/made")
	if err := json.Unmarshal([]byte(body), &made); err != nil {
		k.t.Fatal(err)
	}
	got := made.Value
	if r := int(got.Rate); r != answered && r != answered+1 || r > 1 && got.Sender != fmt.Sprintf("R%d", r) {
		k.t.Errorf("the rate is %d after %d was answered: %s", r, answered, body)
	}
	k.rate = int(got.Rate)
}

// answer lets each phone answer each dialog that it has and that it has not answered.
func (k *killed) answer() {
	for ref, phone := range k.dialogs {
		var got []simulator.Message
		eventually(k.t, ref+" is with its phone", func() bool {
			got = k.other.Messages(simulator.Filter{To: strings.TrimPrefix(phone, "+"), Text: ref + " "})
			return len(got) > 0
		})
		text := "yes-" + ref
		if err := k.other.Inject(simulator.Inbound{From: strings.TrimPrefix(phone, "+"), To: strings.TrimPrefix(got[0].From.Addr, "+"), Text: text + " " + textMark}); err != nil {
			k.t.Errorf("a phone answers: %v", err)
		}
		k.answered[text] = k.ids[ref+" "+phone]
	}
	clear(k.dialogs)
}

// whose is the account that submitted it.
func (k *killed) whose(key string) *rest {
	if strings.HasPrefix(key, "ward") {
		return k.ward
	}
	return k.rest
}

// settle waits until all is over and compares.
func (k *killed) settle() {
	t := k.t
	state := map[string]string{}
	defer func() {
		left := 0
		for key, id := range k.ids {
			if !final[state[id]] {
				if left++; left <= 4 {
					text, _ := k.whose(key).trace(id)
					t.Logf("%s is %s: %s", key, state[id], text)
				}
			}
		}
		if left > 0 {
			t.Logf("%d messages are not over", left)
		}
	}()
	within(t, patience, "every message is final", func() bool {
		clear(state)
		for _, r := range []*rest{k.rest, k.ward} {
			r.pages(url.Values{"limit": {"1000"}}, func(v viewed) { state[v.ID] = v.State })
		}
		for _, id := range k.ids {
			if !final[state[id]] {
				return false
			}
		}
		return true
	})
	arrived, again, wards := map[string]int{}, 0, []string{}
	for i, sim := range []*simulator.Simulator{k.repeating, k.other} {
		here := map[string]int{}
		for _, m := range sim.Messages(simulator.Filter{Limit: 100_000}) {
			key := m.Reference + " +" + m.To[0].Addr
			here[key]++
			arrived[key]++
			if m.From.Addr == "WARD" && here[key] == 1 {
				wards = append(wards, m.Reference)
			}
		}
		for key, n := range here {
			if n == 1 {
				continue
			}
			again += n - 1
			if text, _ := k.whose(key).trace(k.ids[key]); !strings.Contains(text, `"uncertain"`) {
				t.Errorf("%s came %d times to operator %d and is not marked: %s", key, n, i, text)
			}
		}
	}
	for key, id := range k.ids {
		want := "delivered"
		if strings.HasPrefix(key, "wait-46732") {
			want = "deleted"
		}
		if state[id] != want || (arrived[key] > 0) != (want == "delivered") {
			text, _ := k.whose(key).trace(id)
			t.Errorf("%s is %s and came %d times, want %s: %s", key, state[id], arrived[key], want, text)
		}
	}
	if !slices.IsSorted(wards) {
		t.Errorf("what waited for the rate came out of order: %v", wards)
	}
	k.tied()
	both := 0
	for key, n := range arrived {
		if strings.HasPrefix(key, "repeat") && n > 1 {
			both++
		}
	}
	t.Logf("%d messages, %d sent again, %d repeated by the next link, %.0f delivered twice", len(k.ids), again, both, k.metric("kurir_double_delivered_total"))
}

// tied checks that each answer is tied to its message.
func (k *killed) tied() {
	var page struct {
		Inbound []struct{ Text, Answers string }
	}
	seen := map[string]bool{}
	eventually(k.t, "every answer is in the inbox", func() bool {
		k.fetch("/v1/inbound?limit=1000", &page)
		for _, in := range page.Inbound {
			seen[in.Text] = true
		}
		return len(seen) >= len(k.answered)
	})
	for _, in := range page.Inbound {
		if text, _, _ := strings.Cut(in.Text, " "); in.Answers == "" || in.Answers != k.answered[text] {
			k.t.Errorf("%s answers %q, want %q", text, in.Answers, k.answered[text])
		}
	}
}
