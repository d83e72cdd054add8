import { answer } from "./lib/answer.js";

window.answer = answer;
