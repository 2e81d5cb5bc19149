/** Before each file. What is imported here is run once in a process, however many files share it. */
import './equality.ts';
