import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.zeromq.ZMQ;

/**
 * Receives flagged records from tamisd, checks each, and prints a line for it.
 *
 * java -cp jeromq.jar:. Receiver tcp://127.0.0.1:5556 COUNT
 */
public final class Receiver {
  public static void main(String[] arguments) {
    ZMQ.Context context = ZMQ.context(1);
    ZMQ.Socket socket = context.socket(ZMQ.SUB);
    socket.setReceiveTimeOut(60_000);
    socket.setRcvHWM(0);
    socket.subscribe(new byte[0]); // all topics: every number is seen
    socket.connect(arguments[0]);
    long count = Long.parseLong(arguments[1]), taken = 0, highest = 0, faults = 0;
    while (taken < count) {
      byte[] topic = socket.recv(0), content = topic == null ? null : socket.recv(0);
      if (content == null) {
        System.err.println("receiver: nothing came for a minute");
        System.exit(1);
      }
      ByteBuffer record = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
      String wrong = Records.fault(record);
      if (wrong != null) {
        System.err.println("fault: " + wrong);
        faults++;
        continue;
      }
      long number = record.getLong(16);
      if (Long.compareUnsigned(number, highest) <= 0) continue; // repeated after a restart
      highest = number;
      taken++;
      int event = 64 + (content.length - 128) / 2;
      System.out.printf("%s: run %s event %s score %.9g reasons %d weight %s%n",
          Long.toUnsignedString(number), Integer.toUnsignedString(record.getInt(event + 12)),
          Long.toUnsignedString(record.getLong(event + 32)), record.getFloat(8), record.get(5),
          Integer.toUnsignedString(record.getInt(40)));
    }
    socket.close();
    context.term();
    System.exit(faults == 0 ? 0 : 1);
  }
}
