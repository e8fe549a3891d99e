// Go's gorilla/websocket.
package main

import (
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	plan := readPlan("gorilla/websocket", "golang-github-gorilla-websocket-dev")
	dialer := *websocket.DefaultDialer
	dialer.Subprotocols = plan.Protocols
	dialer.EnableCompression = plan.Compress
	socket, response, err := dialer.Dial(plan.URL, plan.Headers)
	if err == websocket.ErrBadHandshake {
		refused(response.StatusCode)
	}
	must(err)
	opened(socket.Subprotocol())
	hear := func() {
		kind, data, err := socket.ReadMessage()
		if ended, ok := err.(*websocket.CloseError); ok {
			closed(ended.Code, ended.Text)
		}
		if err != nil {
			closed(1006, "")
		}
		heard(kind == websocket.TextMessage, data)
	}
	for _, step := range plan.Steps {
		switch step.Kind {
		case "text":
			must(socket.WriteMessage(websocket.TextMessage, []byte(step.Text)))
		case "binary":
			must(socket.WriteMessage(websocket.BinaryMessage, step.Binary))
		case "hear":
			for i := 0; i < step.Count; i++ {
				hear()
			}
		default:
			if step.Kind == "close" {
				frame := websocket.FormatCloseMessage(step.Code, step.Reason)
				must(socket.WriteControl(websocket.CloseMessage, frame, time.Now().Add(time.Minute)))
			}
			for {
				hear()
			}
		}
	}
}
