// Go's nhooyr.io/websocket (today github.com/coder/websocket).
package main

import (
	"context"
	"errors"

	"nhooyr.io/websocket"
)

func main() {
	plan := readPlan("nhooyr.io/websocket", "golang-nhooyr-websocket-dev")
	ctx := context.Background()
	socket, response, err := websocket.Dial(ctx, plan.URL, &websocket.DialOptions{
		HTTPHeader:   plan.Headers,
		Subprotocols: plan.Protocols,
	})
	if err != nil && response != nil && response.StatusCode != 101 {
		refused(response.StatusCode)
	}
	must(err)
	// By itself it takes 32 KiB.
	socket.SetReadLimit(1 << 20)
	opened(socket.Subprotocol())
	said := func(err error) {
		var ended websocket.CloseError
		if errors.As(err, &ended) {
			closed(int(ended.Code), ended.Reason)
		}
		closed(1006, "")
	}
	hear := func() {
		kind, data, err := socket.Read(ctx)
		if err != nil {
			said(err)
		}
		heard(kind == websocket.MessageText, data)
	}
	for _, step := range plan.Steps {
		switch step.Kind {
		case "text":
			must(socket.Write(ctx, websocket.MessageText, []byte(step.Text)))
		case "binary":
			must(socket.Write(ctx, websocket.MessageBinary, step.Binary))
		case "hear":
			for i := 0; i < step.Count; i++ {
				hear()
			}
		case "close":
			// It resolves when the server's close frame has come.
			must(socket.Close(websocket.StatusCode(step.Code), step.Reason))
			closed(step.Code, step.Reason)
		default:
			for {
				hear()
			}
		}
	}
}
