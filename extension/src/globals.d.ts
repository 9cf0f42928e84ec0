/** Which of the two builds this is. */
declare const FIREFOX: boolean;

declare module "*.css" {
  const text: string;
  export default text;
}
