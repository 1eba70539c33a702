package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
)

// TestFinalStateBehindMidwayElsewhere: while a customer is being told at one gateway that the operator has a message, another does not
// tell him its final state, not even if the first one dies over it: he is told both, in order.
func TestFinalStateBehindMidwayElsewhere(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"", "dies", "buffered"} {
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			nodes := nodesOn(t, dir, 2)
			there := receiversAt(nodes)
			op := nodes[0].fakeLink("op1")
			op.core.SessionUp(1, 10)
			come := func(node int) {
				there[node].setLimit(10)
				nodes[node].Wake(message.SMPPTarget, "acme")
				time.Sleep(2 * time.Second)
			}
			told := func(node int, want message.State) {
				t.Helper()
				items := there[node].take()
				if len(items) != 1 || items[0].State != want {
					t.Fatalf("node %d tells %v, want %s", node, items, want)
				}
				nodes[node].Delivered([]Delivered{{Item: items[0]}})
			}
			come(1)
			s := nodes[0].submission("46170000001", "hello")
			s.Receipts = message.ReceiptFinal | message.ReceiptIntermediate
			nodes[0].submit(s)
			synctest.Wait()
			op.core.Answered(1, []connector.Answer{{Out: op.take()[0], ID: "77"}})
			time.Sleep(2 * time.Second) // it is told at the other one, who says nothing
			come(0)
			if how == "buffered" { // another one meanwhile, which is told
				if err := <-op.report("77", message.Enroute, "46170000001"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				told(0, message.Buffered)
			}
			if err := <-op.report("77", message.Delivered, "46170000001"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			if items := there[0].take(); len(items) > 0 {
				t.Fatalf("he is told %s meanwhile", items[0].State)
			}
			if how != "dies" {
				told(1, message.Enroute)
				time.Sleep(2 * time.Second)
				told(0, message.Delivered)
			} else {
				nodes[1].halt()
				nodes[0].takesOver(1)
				time.Sleep(2 * time.Second)
				told(0, message.Enroute)
				time.Sleep(2 * time.Second)
				told(0, message.Delivered)
			}
			time.Sleep(5 * time.Second)
			if have := nodes[0].store.Counts(); have.Owed > 0 {
				t.Errorf("rows left: %+v", have)
			}
		})
	}
}
