import java.nio.ByteBuffer;
import java.util.Arrays;
import org.zeromq.ZMQ;

/**
 * Sends events to tamisd: begin of run, events in messages of 16, end of run.
 *
 * javac -cp jeromq.jar *.java
 * java -cp jeromq.jar:. Sender tcp://127.0.0.1:5555 RUN D EVENTS
 *
 * JeroMQ 0.5 or later, or jzmq over libzmq: the peer must speak ZMTP 3. Written in the calls that
 * both have; newer ones of JeroMQ (ZContext, SocketType) do the same.
 */
public final class Sender {
  private static final int BATCH = 16;

  public static void main(String[] arguments) {
    String address = arguments[0];
    int run = Integer.parseUnsignedInt(arguments[1]), features = Integer.parseInt(arguments[2]);
    long events = Long.parseLong(arguments[3]);
    ZMQ.Context context = ZMQ.context(1);
    ZMQ.Socket socket = context.socket(ZMQ.PUSH);
    socket.setLinger(30_000);
    socket.setSendTimeOut(30_000);
    socket.connect(address);

    ByteBuffer message = ByteBuffer.allocate(BATCH * (Records.HEADER_BYTES + 4 * features));
    long sequence = 1;
    Records.putEvent(message, Records.BEGIN_OF_RUN, run, 2, features, sequence++, 0, null);
    send(socket, message);
    float[] values = new float[features];
    for (long event = 1; event <= events; event++) {
      for (int i = 0; i < features; i++) values[i] = (float) Math.sin(event * features + i);
      Records.putEvent(message, Records.EVENT, run, 2, features, sequence++, event, values);
      if (!message.hasRemaining() || event == events) send(socket, message);
    }
    Records.putEvent(message, Records.END_OF_RUN, run, 2, features, sequence, 0, null);
    send(socket, message);
    socket.close();
    context.term(); // returns when everything has left
    System.out.println("sent " + events + " events in run " + Integer.toUnsignedString(run));
  }

  private static void send(ZMQ.Socket socket, ByteBuffer message) {
    if (!socket.send(Arrays.copyOf(message.array(), message.position()), 0)) {
      System.err.println("sender: nobody takes what is sent");
      System.exit(1);
    }
    message.clear();
  }
}
